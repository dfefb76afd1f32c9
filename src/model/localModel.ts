/** @file A model that runs and trains on this machine, made from its files. */
import { TandemError } from '../errors.ts';
import type { Executor } from '../tensor/executor.ts';
import { initialAdapter, type Adapter } from './adapter.ts';
import { trainAdapter } from './adapterTraining.ts';
import { makeEngine, type Weights } from './engine.ts';
import { generate } from './generation.ts';
import type { ModelFiles } from './files/modelFiles.ts';
import type { Scorer } from './languageModel.ts';
import { makePrefixCache } from './prefixCache.ts';
import { score } from './scoring.ts';
import { encodeWithSoft } from './softPrompt.ts';
import { softPrompts } from './softPrompts.ts';
import { textsOf } from './texts.ts';
import { beginning, continuationTokens } from './tokenizer.ts';
import type { TokenModel } from './tokenModel.ts';
import type { TrainableModel, WeightTraining } from './trainableModel.ts';
import { trainingExample } from './trainingText.ts';

/** A model that runs and trains on this machine. */
export interface LocalModel extends TrainableModel, TokenModel {
  readonly scorer: Scorer;
}

/** @param executor runs the graphs: `onnxRuntimeExecutor()` or `tensorFlowExecutor()` */
export function makeLocalModel(files: ModelFiles<Weights>, executor: Executor): LocalModel {
  const { config, tokenizer, name } = files;
  const engine = makeEngine(config, files.weights, executor);
  const cache = makePrefixCache(engine);
  /** A tokenizer that was made for a larger model would make it read beyond its embeddings. */
  const known = (tokens: number[]): number[] => {
    const foreign = tokens.find((token) => token >= config.vocabularySize);
    if (foreign === undefined) return tokens;
    throw new TandemError(
      'bad-tokenizer',
      `The tokenizer of ${name} has the token ${foreign}, but its weights have only ${config.vocabularySize} tokens.`,
      {
        hint: 'The tokenizer and the weights belong to different models. Download the model again.',
      },
    );
  };
  const completionTokens = (text: string): number[] => known(continuationTokens(tokenizer, text));
  const promptTokens: TokenModel['promptTokens'] = (text, soft) => {
    const encoding = { encode: (part: string) => known(tokenizer.encode(part)), encodeNext: completionTokens };
    const tokens = beginning(tokenizer, encodeWithSoft(encoding, text, soft, config.vocabularySize));
    if (!tokens.length)
      throw new TandemError('empty-prompt', 'The prompt is empty.', { hint: 'Write at least one word before the answer.' });
    if (tokens.length >= config.maxPositions) {
      throw new TandemError('too-long', `A prompt has ${tokens.length} tokens, but ${name} reads at most ${config.maxPositions}.`, {
        hint: 'Shorten the prompt or remove demonstrations.',
      });
    }
    return tokens;
  };
  const tokens: TokenModel = { engine, tokenizer, promptTokens, completionTokens };
  return {
    name,
    fingerprint: `${files.fingerprint}${engine.form.mark ?? ''}`,
    maxTokens: config.maxPositions,
    texts: textsOf(tokenizer),
    ...tokens,
    training: weightTraining(tokens),
    forget: () => cache.forget(),
    scorer: {
      scoreLabels(prompts, labels, { adapter }: { adapter?: Adapter } = {}) {
        const completions = labels.map(completionTokens);
        return score(
          engine,
          cache,
          prompts.map((prompt) => ({ prompt: promptTokens(prompt, adapter?.soft), completions })),
          adapter,
        );
      },
      async logLikelihoods(pairs, { adapter }: { adapter?: Adapter } = {}) {
        const rows = pairs.map(({ prompt, completion }) => ({
          prompt: promptTokens(prompt, adapter?.soft),
          completions: [completionTokens(completion)],
        }));
        return (await score(engine, cache, rows, adapter)).map(([only]) => only);
      },
    },
    async generate(prompts, options) {
      const asked = prompts.map((prompt) => promptTokens(prompt, options.adapter?.soft));
      const written = await generate(engine, cache, tokenizer, asked, options);
      return written.map((each) => ({ ...each, tokens: each.tokens.length }));
    },
    dispose: () => engine.dispose(),
  };
}

const weightTraining = (model: TokenModel): WeightTraining => ({
  fresh: (lora, seed) => initialAdapter(model.engine.config, lora, seed),
  start: (from, options) => trainAdapter(model.engine, from, options),
  example: (text, soft) => trainingExample(model, text, soft),
  soft: softPrompts(model),
});
