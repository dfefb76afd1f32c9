/**
 * @file LoRA on the gold answers under the author's prompt: plain supervised fine-tuning with the whole budget. The best measured adapter is kept. Hu
 * et al. 2022.
 */
import { randomStream } from '../../random.ts';
import type { Coordinator } from '../coordinator.ts';
import { coordinatorOf } from './method.ts';
import { train, trainingDefaults, type TrainingSettings } from './training.ts';

export const loraOnGold = (settings: TrainingSettings = trainingDefaults): Coordinator =>
  coordinatorOf<null>({
    begin: () => null,
    next(context, { phase, left, spent, bestEvaluation }) {
      if (phase > 1) return { done: 'training is complete' };
      const { trainset: rows, trainer, seed, prompt } = context;
      return {
        target: 'weights',
        because: 'trains on the gold answers with the whole budget',
        async take() {
          const { adapter, evaluation, tokensUsed } = await train(context, {
            phase,
            start: context.start ?? trainer.fresh(seed),
            rows,
            budget: left,
            spent,
            measuring: bestEvaluation.tokensUsed,
            settings,
            seed: randomStream(seed, 'lora on gold').integer(2 ** 31),
          });
          return { memory: null, tokensUsed, ...(evaluation && { measured: { prompt, adapter, evaluation } }) };
        },
      };
    },
  });
