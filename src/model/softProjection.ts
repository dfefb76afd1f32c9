/**
 * @file From a soft prompt back to tokens: nearest neighbours in the vocabulary, and a beam search under the language model for readability.
 * Only whole words and punctuation are candidates, so that a person can edit the result.
 */
import type { Adapter } from './adapter.ts';
import { makePrefixCache } from './prefixCache.ts';
import { score } from './scoring.ts';
import { vocabularyOf, type SoftPrompt, type Vocabulary } from './softPrompt.ts';
import type { TokenModel } from './tokenModel.ts';
import type { Tokenizer } from './tokenizer.ts';
import { pulse } from '../pulse.ts';

export interface ProjectionOptions {
  /** The factor by which the soft prompt's movement from its text is extended: 1 gives the nearest neighbours, more continues in its direction. */
  readonly reach: number;
  /** The weight of a nat of the language model, in squared distances between unrelated tokens; 0 ignores the model. */
  readonly fluency: number;
  readonly beam: number;
  /** The number of candidates at each place. */
  readonly nearest: number;
}

export interface Projection {
  readonly text: string;
  /** Tokens that the projection cost. */
  readonly tokensUsed: number;
}

/** The text of a soft prompt. Without fluency it is the nearest token at each place. */
export async function projectSoftPrompt(model: TokenModel, soft: SoftPrompt, options: ProjectionOptions): Promise<Projection> {
  const vocabulary = modelVocabulary(model);
  const origin = soft.text === '' ? undefined : model.tokenizer.encode(soft.text);
  const choices = choicesAt(model.tokenizer, vocabulary.norms.length, origin);
  interface Line {
    readonly tokens: readonly number[];
    readonly score: number;
  }
  let lines: Line[] = [{ tokens: [], score: 0 }];
  let tokensUsed = 0;
  for (let place = 0; place < soft.tokens; place++) {
    pulse();
    const target = aim(vocabulary, soft, place, origin, options.reach);
    const near = nearestTokens(vocabulary, target, choices(place), options.nearest);
    const read = options.fluency > 0 ? await continuations(model, lines, near) : undefined;
    tokensUsed += read?.tokensUsed ?? 0;
    const grown = lines.flatMap(({ tokens, score: so }, line) =>
      near.map(({ token, distance }, at) => ({
        tokens: [...tokens, token],
        score: so - distance / (2 * vocabulary.meanSquare) + options.fluency * (read?.logProbabilities[line][at] ?? 0),
      })),
    );
    lines = grown.sort((a, b) => b.score - a.score).slice(0, options.fluency > 0 ? options.beam : 1);
  }
  return { text: model.tokenizer.decode(lines[0].tokens).trim(), tokensUsed };
}

/** Mean log-probability of a text's tokens under the language model, in nats, for each text: a measure of readability. */
export async function fluencyOf(
  model: TokenModel,
  texts: readonly string[],
  adapter?: Adapter,
): Promise<{ readonly fluency: number[]; readonly tokensUsed: number }> {
  const rows = texts.map((text) => ({ prompt: opening(model.tokenizer), completions: [model.tokenizer.encode(text)] }));
  const scores = await score(model.engine, makePrefixCache(model.engine), rows, adapter && { ...adapter, soft: undefined });
  return {
    fluency: scores.map(([{ logLikelihood, tokens }]) => logLikelihood / Math.max(1, tokens)),
    tokensUsed: rows.reduce((sum, { completions: [tokens] }) => sum + tokens.length, 0),
  };
}

export const modelVocabulary = ({ engine }: TokenModel): Vocabulary =>
  vocabularyOf(engine.config, engine.matrix('model.embed_tokens.weight'));

/**
 * The tokens that are allowed at a place. In a text, only whole words change to words, and punctuation to punctuation. A word of several
 * tokens is unchanged. Without a text, any word and any punctuation is allowed anywhere.
 */
export function choicesAt(
  tokenizer: Tokenizer,
  vocabularySize: number,
  text: readonly number[] | undefined,
): (place: number) => readonly number[] {
  const kinds = tokenKinds(tokenizer, vocabularySize);
  if (!text?.length) {
    const all = [...(kinds.get(' word') ?? []), ...(kinds.get('punctuation') ?? [])];
    return () => all;
  }
  const goesOn = (place: number): boolean => kindOf(tokenizer, text[place % text.length]) === 'word' && place % text.length > 0;
  return (place) => {
    const own = text[place % text.length];
    const whole = !goesOn(place) && !((place + 1) % text.length > 0 && goesOn(place + 1));
    const others = whole ? (kinds.get(kindOf(tokenizer, own)) ?? []) : [];
    return others.includes(own) ? others : [...others, own];
  };
}

/** The word of the token at a place of a text, if the token is a whole word. */
export function wholeWordAt(tokenizer: Tokenizer, text: readonly number[], place: number): string | undefined {
  const goesOn = (at: number): boolean => at > 0 && at < text.length && kindOf(tokenizer, text[at]) === 'word';
  const isWord = [' word', 'word'].includes(kindOf(tokenizer, text[place]));
  return isWord && !goesOn(place) && !goesOn(place + 1) ? tokenizer.decode([text[place]]).trim() : undefined;
}

/** The kind of a token: a word with the space before it, a word or a part of one without, punctuation, or one that no text should contain. */
type Kind = ' word' | 'word' | 'punctuation' | 'other';

function kindOf(tokenizer: Tokenizer, token: number): Kind {
  const text = tokenizer.decode([token], { skipSpecial: true });
  if (/^ [\p{L}\p{N}]+$/u.test(text)) return ' word';
  if (/^[\p{L}\p{N}]+$/u.test(text)) return 'word';
  return /^[.,:;!?'"()/-]{1,2}$/.test(text) ? 'punctuation' : 'other';
}

const known = new WeakMap<Tokenizer, ReadonlyMap<Kind, readonly number[]>>();

function tokenKinds(tokenizer: Tokenizer, vocabularySize: number): ReadonlyMap<Kind, readonly number[]> {
  const found = known.get(tokenizer);
  if (found) return found;
  const kinds = new Map<Kind, number[]>([' word', 'word', 'punctuation', 'other'].map((kind) => [kind as Kind, []]));
  for (let token = 0; token < Math.min(vocabularySize, tokenizer.vocabularySize); token++) kinds.get(kindOf(tokenizer, token))!.push(token);
  kinds.set('other', []);
  known.set(tokenizer, kinds);
  return kinds;
}

/** The point whose neighbours are searched for: the row itself, or a point further along its movement from the token that it began as. */
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
  model: TokenModel,
  lines: readonly { readonly tokens: readonly number[] }[],
  near: readonly { readonly token: number }[],
): Promise<{ logProbabilities: number[][]; tokensUsed: number }> {
  const completions = near.map(({ token }) => [token]);
  const rows = lines.map(({ tokens }) => ({ prompt: [...opening(model.tokenizer), ...tokens], completions }));
  const scores = await score(model.engine, makePrefixCache(model.engine), rows, undefined);
  return {
    logProbabilities: scores.map((row) => row.map(({ logLikelihood }) => logLikelihood)),
    tokensUsed: rows.reduce((sum, { prompt }) => sum + prompt.length, 0),
  };
}

/** A token before a text, because a model needs one before it can predict the first token. */
const opening = ({ beginToken, endTokens }: Tokenizer): number[] => [beginToken ?? endTokens[0] ?? 0];
