/** @file What a model can do with soft prompts: begin one from a text, turn one back into text, and say where a text's tokens should go. */
import type { Row } from '../data/dataset.ts';
import { makeAdapter, type Adapter } from '../model/adapter.ts';
import type { LlamaModel } from '../model/llama.ts';
import {
  fluencyOf,
  modelVocabulary,
  projectSoftPrompt,
  choicesAt,
  type Projection,
  type ProjectionOptions,
} from '../model/softProjection.ts';
import { initialSoftPrompt, type SoftPrompt, type SoftStart } from '../model/softPrompt.ts';
import { wordsNear, type NearWord } from '../model/softWords.ts';
import { batchGradient, type TrainingExample } from '../model/training.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { withSoftLine } from '../prompt/instruction.ts';

export interface SoftTuner {
  /** @param tokens how many; as many as the text has where left out, within `softSizes` */
  begin(text: string, options: { readonly start: SoftStart; readonly tokens?: number; readonly seed: number }): SoftPrompt;
  project(soft: SoftPrompt, options: ProjectionOptions): Promise<Projection>;
  /** Those of the words that a soft prompt has gone towards, furthest first; costs no token passes. */
  words(soft: SoftPrompt, among: Iterable<string>, count: number): readonly NearWord[];
  /** Mean log-probability of a token, for each text. */
  fluency(texts: readonly string[]): Promise<{ readonly fluency: readonly number[]; readonly passes: number }>;
  /** The instruction with one token replaced, by how much the loss on the rows is expected to fall, most first. */
  substitutions(
    prompt: Prompt,
    instruction: string,
    rows: readonly Row[],
    adapter: Adapter | undefined,
    count: number,
  ): Promise<{ readonly found: readonly Substitution[]; readonly passes: number }>;
}

export interface Substitution {
  readonly text: string;
  readonly old: string;
  readonly fresh: string;
  /** Nats a row, to first order. */
  readonly expected: number;
}

/** Fewer virtual tokens say too little, more cost every row. */
export const softSizes = { least: 8, most: 48 };

/** @param example a row under a prompt, as tokens, with the soft prompt where it stands */
export function softTuner(
  model: LlamaModel,
  example: (prompt: Prompt, row: Row, soft: SoftPrompt) => TrainingExample,
  lora: Adapter['config'],
): SoftTuner {
  const { tokenizer, engine } = model;
  return {
    begin(text, { start, tokens, seed }) {
      const ids = text === '' ? [] : tokenizer.encode(text);
      const count = tokens ?? Math.min(softSizes.most, Math.max(softSizes.least, ids.length));
      return initialSoftPrompt(modelVocabulary(model), { start, tokens: count, text, ids, seed });
    },
    project: (soft, options) => projectSoftPrompt(model, soft, options),
    words: (soft, among, count) => wordsNear(model, soft, among, count),
    fluency: (texts) => fluencyOf(model, texts),
    async substitutions(prompt, instruction, rows, adapter, count) {
      const ids = tokenizer.encode(instruction);
      const vocabulary = modelVocabulary(model);
      const soft = initialSoftPrompt(vocabulary, { start: 'text', tokens: ids.length, text: instruction, ids, seed: 0 });
      const trainable = adapter
        ? { ...adapter, config: { ...adapter.config, dropout: 0 }, soft }
        : makeAdapter({ ...lora, dropout: 0, targets: [] }, [], soft);
      const asked = withSoftLine(prompt);
      const { gradients, tokens } = await batchGradient(
        engine,
        trainable,
        rows.map((row) => example(asked, row, soft)),
        0,
      );
      const found = bestSubstitutions(vocabulary, ids, gradients.get('soft')!, choicesAt(tokenizer, vocabulary.norms.length, ids), count);
      return {
        passes: 3 * tokens,
        found: found.map(({ place, token, expected }) => ({
          text: tokenizer.decode(ids.map((id, i) => (i === place ? token : id))).trim(),
          old: tokenizer.decode([ids[place]]).trim(),
          fresh: tokenizer.decode([token]).trim(),
          expected,
        })),
      };
    },
  };
}

/** -g . (e_new - e_old) for every place and token. Ebrahimi et al. 2018 (HotFlip); Zou et al. 2023 (GCG) draws from the best of each place. */
function bestSubstitutions(
  { embedding, width }: ReturnType<typeof modelVocabulary>,
  ids: readonly number[],
  gradient: Float32Array,
  choices: (place: number) => readonly number[],
  count: number,
): { place: number; token: number; expected: number }[] {
  const dot = (place: number, token: number): number => {
    let sum = 0;
    for (let i = 0, at = token * width, g = place * width; i < width; i++, at++, g++) sum += gradient[g] * embedding[at];
    return sum;
  };
  const each = Math.max(2, Math.ceil((2 * count) / ids.length));
  const best = ids.flatMap((id, place) => {
    const now = dot(place, id);
    const scored = choices(place)
      .filter((token) => token !== id)
      .map((token) => ({ place, token, expected: now - dot(place, token) }));
    return scored.sort((a, b) => b.expected - a.expected || a.token - b.token).slice(0, each);
  });
  return best.sort((a, b) => b.expected - a.expected || a.place - b.place).slice(0, count);
}
