/**
 * @file From a soft prompt back to tokens: nearest neighbours in the vocabulary, and a beam under the language model so that they read.
 * Only whole words and punctuation are candidates, so that what comes out can be edited by a person.
 */
import type { Adapter } from './adapter.ts';
import type { LlamaModel } from './llama.ts';
import { makePrefixCache } from './prefixCache.ts';
import { score } from './scoring.ts';
import { vocabularyOf, type SoftPrompt, type Vocabulary } from './softPrompt.ts';
import type { Tokenizer } from './tokenizer.ts';

export interface ProjectionOptions {
  /** How many times the way from its text the soft prompt is taken to have gone: 1 is nearest neighbours, more is where it was heading. */
  readonly reach: number;
  /** What a nat of the language model is worth, in squared distances between unrelated tokens; 0 leaves it out. */
  readonly fluency: number;
  readonly beam: number;
  /** Tokens tried at each place. */
  readonly nearest: number;
}

export interface Projection {
  readonly text: string;
  /** Token passes that it cost. */
  readonly passes: number;
}

/** The text of a soft prompt. Without fluency it is the nearest token at each place. */
export async function projectSoftPrompt(model: LlamaModel, soft: SoftPrompt, options: ProjectionOptions): Promise<Projection> {
  const vocabulary = modelVocabulary(model);
  const words = wordTokens(model.tokenizer, vocabulary.norms.length);
  const origin = soft.text === '' ? undefined : model.tokenizer.encode(soft.text);
  interface Line {
    readonly tokens: readonly number[];
    readonly score: number;
  }
  let lines: Line[] = [{ tokens: [], score: 0 }];
  let passes = 0;
  for (let place = 0; place < soft.tokens; place++) {
    const target = aim(vocabulary, soft, place, origin, options.reach);
    // The author's own token may stay whatever it is, and it always competes.
    const own = origin?.[place % origin.length];
    const near = nearestTokens(vocabulary, target, own === undefined || words.includes(own) ? words : [...words, own], options.nearest);
    const read = options.fluency > 0 ? await continuations(model, lines, near) : undefined;
    passes += read?.passes ?? 0;
    const grown = lines.flatMap(({ tokens, score: so }, line) =>
      near.map(({ token, distance }, at) => ({
        tokens: [...tokens, token],
        score: so - distance / (2 * vocabulary.meanSquare) + options.fluency * (read?.logProbabilities[line][at] ?? 0),
      })),
    );
    lines = grown.sort((a, b) => b.score - a.score).slice(0, options.fluency > 0 ? options.beam : 1);
  }
  return { text: model.tokenizer.decode(lines[0].tokens).trim(), passes };
}

/** Mean log-probability of a text's tokens under the language model, in nats, for each text: how well it reads. */
export async function fluencyOf(
  model: LlamaModel,
  texts: readonly string[],
  adapter?: Adapter,
): Promise<{ readonly fluency: number[]; readonly passes: number }> {
  const rows = texts.map((text) => ({ prompt: opening(model.tokenizer), completions: [model.tokenizer.encode(text)] }));
  const scores = await score(model.engine, makePrefixCache(model.engine), rows, adapter && { ...adapter, soft: undefined });
  return {
    fluency: scores.map(([{ logLikelihood, tokens }]) => logLikelihood / Math.max(1, tokens)),
    passes: rows.reduce((sum, { completions: [tokens] }) => sum + tokens.length, 0),
  };
}

export const modelVocabulary = ({ engine }: LlamaModel): Vocabulary =>
  vocabularyOf(engine.config, engine.weights['model.embed_tokens.weight']);

const known = new WeakMap<Tokenizer, readonly number[]>();

/** Tokens that are a word (with the space before it), a part of one, or punctuation: no line ends, no special tokens, no marks of templates. */
export function wordTokens(tokenizer: Tokenizer, vocabularySize: number): readonly number[] {
  const found = known.get(tokenizer);
  if (found) return found;
  const tokens: number[] = [];
  for (let token = 0; token < Math.min(vocabularySize, tokenizer.vocabularySize); token++) {
    if (/^ ?(?:[\p{L}\p{N}]+|[.,:;!?'"()/-]{1,2})$/u.test(tokenizer.decode([token], { skipSpecial: true }))) tokens.push(token);
  }
  known.set(tokenizer, tokens);
  return tokens;
}

/** The point whose neighbours are looked for: where the row is, or as far again as it went from the token that it began as. */
function aim(vocabulary: Vocabulary, soft: SoftPrompt, place: number, origin: readonly number[] | undefined, reach: number): Float32Array {
  const { embedding, width } = vocabulary;
  const row = soft.rows.slice(place * width, (place + 1) * width);
  if (!origin?.length || reach === 1) return row;
  const from = origin[place % origin.length] * width;
  return row.map((value, i) => embedding[from + i] + reach * (value - embedding[from + i]));
}

function nearestTokens(
  { embedding, width }: Vocabulary,
  target: Float32Array,
  tokens: readonly number[],
  count: number,
): { token: number; distance: number }[] {
  const all = tokens.map((token) => {
    let distance = 0;
    for (let i = 0, at = token * width; i < width; i++, at++) distance += (target[i] - embedding[at]) ** 2;
    return { token, distance };
  });
  return all.sort((a, b) => a.distance - b.distance || a.token - b.token).slice(0, count);
}

async function continuations(
  model: LlamaModel,
  lines: readonly { readonly tokens: readonly number[] }[],
  near: readonly { readonly token: number }[],
): Promise<{ logProbabilities: number[][]; passes: number }> {
  const completions = near.map(({ token }) => [token]);
  const rows = lines.map(({ tokens }) => ({ prompt: [...opening(model.tokenizer), ...tokens], completions }));
  const scores = await score(model.engine, makePrefixCache(model.engine), rows, undefined);
  return {
    logProbabilities: scores.map((row) => row.map(({ logLikelihood }) => logLikelihood)),
    passes: rows.reduce((sum, { prompt }) => sum + prompt.length, 0),
  };
}

/** What stands before a text: a model reads its first token after something. */
const opening = ({ beginToken, endTokens }: Tokenizer): number[] => [beginToken ?? endTokens[0] ?? 0];
