/** @file LoRA adapters for a task, trained on this machine: the settings of new ones, and how a row becomes tokens. */
import type { Task } from '../evaluate/evaluation.ts';
import { checkedLora, type Adapter, type LoraConfig } from '../model/adapter.ts';
import { linearNames } from '../model/linears.ts';
import { trainable, type OpenedModel } from '../model/trainableModel.ts';
import { localTrainer, type LocalTrainer, type TrainingParts } from './localTrainer.ts';
import { trainingText } from './sequence.ts';
import { softTuner } from './softTuner.ts';

export const defaultLora: LoraConfig = { rank: 8, alpha: 16, dropout: 0, targets: linearNames };

/**
 * The settings of a run's new adapters: those asked for, and otherwise those of the adapter that the run starts from, or the defaults.
 * @throws TandemError reason 'bad-lora'
 */
export function loraFor(asked: Partial<LoraConfig> = {}, start?: Adapter): LoraConfig {
  const { rank, alpha, dropout, targets } = start?.config ?? defaultLora;
  return checkedLora({
    rank: asked.rank ?? rank,
    alpha: asked.alpha ?? alpha,
    dropout: asked.dropout ?? dropout,
    targets: asked.targets ?? targets,
  });
}

/**
 * @param asked the task, or those of a program's steps, first to last
 * @throws TandemError 'not-trainable'
 */
export function loraTrainer(model: OpenedModel, asked: Task | readonly Task[], lora: LoraConfig = defaultLora): LocalTrainer {
  const { texts, training } = trainable(model);
  const tasks = 'output' in asked ? [asked] : asked;
  const last = tasks.length - 1;
  const sequence: TrainingParts['sequence'] = (prompt, rows, soft, step = last) =>
    training.example(trainingText(texts, tasks[step], prompt, rows), soft);
  const example: TrainingParts['example'] = (prompt, row, soft, step) => sequence(prompt, [row], soft, step);
  return localTrainer({
    outputOf: (step = last) => tasks[step].output,
    fresh: (seed) => training.fresh(lora, seed),
    start(from, options) {
      // Rank, alpha and targets define what the trained matrices mean. Dropout only affects further training.
      const config = { ...from.config, dropout: lora.dropout };
      return training.start({ ...from, config }, { ...options, weightDecay: 0.01 });
    },
    example,
    sequence,
    soft: softTuner(training.soft, example, lora),
  });
}
