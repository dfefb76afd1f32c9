/** @file A metric of the user's own: a JavaScript module with a function of row and output. It can do whatever the user can. */
import { createHash } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { TandemError } from '../../errors.ts';
import { readFileBytesLater } from '../../files.ts';
import { textsOf } from '../../prompt/values.ts';
import type { Answer, JudgeOptions, Judgement, Metric } from '../metric.ts';
import { oneByOne } from './entry.ts';

export interface LoadedMetric {
  readonly metric: Metric;
  /** SHA-256 of the module's own text, in hex. */
  readonly hash: string;
}

/**
 * Runs the module and takes its default export, or else its export `score`. This is a function `(row, output)`: `row` has the columns of the data as
 * texts, including the right answer if the data has one, and `output` is what the model answered. It returns a number from 0 to 1, or true or false,
 * or `{ score, feedback }` with a sentence that explains the score, or a promise of any of these. Each promise is awaited before the function is
 * called for the next row.
 * Call this only if the user allowed the module to run.
 * @param name what it is called in reports
 * @param file absolute path
 * @throws TandemError reason 'bad-metric' if it cannot be loaded; judging throws the same if the function fails or returns anything else
 */
export async function loadMetric(name: string, file: string): Promise<LoadedMetric> {
  const fail = (message: string, hint: string, cause?: unknown): TandemError =>
    new TandemError('bad-metric', message, { where: { file }, hint, cause });
  const source = await readFileBytesLater(file).catch((cause: unknown) => {
    throw fail('The module of the metric cannot be read.', 'Check the path. It is relative to the prompt file.', cause);
  });
  const hash = createHash('sha256').update(source).digest('hex');
  // Node caches modules by URL, so a long-lived process needs a new one for a changed module.
  const url = `${pathToFileURL(file).href}?${hash.slice(0, 16)}`;
  const loaded = (await import(url).catch((cause: unknown) => {
    throw fail(`The module of the metric cannot be loaded: ${messageOf(cause)}`, 'Check that Node.js can import it.', cause);
  })) as Readonly<Record<string, unknown>>;
  const judge = loaded.default ?? loaded.score;
  if (typeof judge !== 'function') {
    throw fail('The module of the metric exports no function.', 'Write: export default (row, output) => row.answer === output ? 1 : 0;');
  }
  const judgeOne = async ({ row: { values }, prediction }: Answer, { signal }: JudgeOptions): Promise<Judgement> => {
    let worth: unknown;
    try {
      worth = await unlessAborted((judge as Judge)(textsOf(values), prediction), signal);
    } catch (cause) {
      signal?.throwIfAborted();
      throw fail(
        `The metric failed on a row: ${messageOf(cause)}. The row: ${JSON.stringify(values).slice(0, 200)}`,
        'Correct the metric.',
        cause,
      );
    }
    const judgement = judgementOf(worth);
    if (typeof judgement !== 'string') return judgement;
    throw fail(`The metric returned ${judgement}.`, 'Return a number from 0 to 1, or { score, feedback }, or a promise of either.');
  };
  return { metric: { name, kind: 'text', judge: oneByOne(judgeOne) }, hash };
}

type Judge = (row: Readonly<Record<string, string>>, output: string) => unknown;

/** A promise from other people's code may never settle, so an abort ends the wait for it. */
async function unlessAborted(worth: unknown, signal: AbortSignal | undefined): Promise<unknown> {
  if (!signal || !(worth instanceof Promise)) return worth;
  signal.throwIfAborted();
  const waiting = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true, signal: waiting.signal });
  });
  try {
    return await Promise.race([worth, aborted]);
  } finally {
    waiting.abort();
  }
}

/** The judgement that a module returned, or what is wrong with it, for people. */
function judgementOf(worth: unknown): Judgement | string {
  if (typeof worth !== 'object' || worth === null) return scored(worth) ?? String(worth);
  const { score, feedback } = worth as { readonly score?: unknown; readonly feedback?: unknown };
  const judgement = scored(score);
  if (!judgement) return `an object whose \`score\` is ${score instanceof Promise ? 'a promise' : String(score)}`;
  if (feedback !== undefined && feedback !== null && typeof feedback !== 'string') {
    return `an object whose \`feedback\` is a ${typeof feedback}, not a string`;
  }
  const sentence = (feedback ?? '').replaceAll(/\s+/g, ' ').trim();
  return sentence === '' ? judgement : { ...judgement, feedback: shortened(sentence) };
}

function scored(value: unknown): Judgement | undefined {
  if (typeof value === 'boolean') return { score: Number(value) };
  return typeof value === 'number' && value >= 0 && value <= 1 ? { score: value } : undefined;
}

/** A sentence is shorter than this. Feedback is stored with every row. */
const longestFeedback = 500;

const shortened = (text: string): string => (text.length > longestFeedback ? `${text.slice(0, longestFeedback - 1)}…` : text);

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
