/** @file What a model can do with soft prompts: begin one from a text, project one to text, and estimate which tokens of a text to replace. */
import { makeAdapter, type Adapter, type LoraConfig } from './adapter.ts';
import { choicesAt, fluencyOf, modelVocabulary, projectSoftPrompt, type Projection, type ProjectionOptions } from './softProjection.ts';
import { initialSoftPrompt, type SoftPrompt, type SoftStart } from './softPrompt.ts';
import { wordsNear, type NearWord } from './softWords.ts';
import type { TokenModel } from './tokenModel.ts';
import { batchGradient, type TrainingExample } from './training.ts';

export interface SoftPrompts {
  /** @param tokens how many; if omitted, as many as the text has, within `softSizes` */
  begin(text: string, options: { readonly start: SoftStart; readonly tokens?: number; readonly seed: number }): SoftPrompt;
  project(soft: SoftPrompt, options: ProjectionOptions): Promise<Projection>;
  /** The given words that a soft prompt has moved towards, furthest first. Costs no tokens. */
  words(soft: SoftPrompt, among: Iterable<string>, count: number): readonly NearWord[];
  /** Mean log-probability per token, for each text. */
  fluency(texts: readonly string[]): Promise<{ readonly fluency: readonly number[]; readonly tokensUsed: number }>;
  /**
   * The text with one token replaced, sorted by the expected decrease of the loss on the examples, largest first.
   * @param examples under the text, which replaces the soft prompt in them
   * @param lora the shape of the adapter if there is none
   */
  substitutions(
    text: string,
    examples: (soft: SoftPrompt) => TrainingExample[],
    options: { readonly adapter?: Adapter; readonly lora: LoraConfig; readonly count: number },
  ): Promise<{ readonly found: readonly Substitution[]; readonly tokensUsed: number }>;
}

export interface Substitution {
  readonly text: string;
  readonly old: string;
  readonly fresh: string;
  /** Nats per row, to first order. */
  readonly expected: number;
}

/** Fewer virtual tokens express too little, and each further one costs tokens in every row. */
export const softSizes = { least: 8, most: 48 };

export function softPrompts(model: TokenModel): SoftPrompts {
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
    async substitutions(text, examples, { adapter, lora, count }) {
      const ids = tokenizer.encode(text);
      const vocabulary = modelVocabulary(model);
      const soft = initialSoftPrompt(vocabulary, { start: 'text', tokens: ids.length, text, ids, seed: 0 });
      const trainable = adapter
        ? { ...adapter, config: { ...adapter.config, dropout: 0 }, soft }
        : makeAdapter({ ...lora, dropout: 0, targets: [] }, [], soft);
      const { gradients, tokens } = await batchGradient(engine, trainable, examples(soft), 0);
      const found = bestSubstitutions(vocabulary, ids, gradients.get('soft')!, choicesAt(tokenizer, vocabulary.norms.length, ids), count);
      return {
        tokensUsed: 3 * tokens,
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
