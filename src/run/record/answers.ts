/**
 * @file `.tandem/results/<prompt>.answers.jsonl`: the answers of the latest evaluation of a prompt file, for the view that lists them. The
 * first line describes the measurement, and each further line is a row.
 */
import { TandemError } from '../../errors.ts';
import { isMissing, readTextFile, readTextFileLater } from '../../files.ts';
import { parseJson } from '../../json.ts';
import type { CutBy } from '../../evaluate/cuts.ts';
import { exactly, finite, flag, list, object, optional, shaped, table, text as anyText, whole } from '../../shape.ts';
import { requireVersion, writeFileAtomically } from './jsonFile.ts';
import { hashPrompt, makeResultsFile, measuredPrompt, resultsFile, type MeasuredPrompt } from './results.ts';
import { line } from './shapes.ts';

export interface Answers extends AnswersHead {
  /** In the order of the data file. Only the rows that fit. */
  readonly rows: readonly AnsweredRow[];
}

interface AnswersHead {
  readonly version: 1;
  /** `hashPrompt` of the text that the answers belong to. */
  readonly textHash: string;
  readonly evaluation: MeasuredPrompt;
  /** The labels to choose from. Absent for free text. */
  readonly labels?: readonly string[];
  /** The number of rows that were measured. */
  readonly total: number;
}

/** A row and its answer. Long texts are cut. */
export interface AnsweredRow {
  /** 1-based line in the data file. */
  readonly line: number;
  /** The prompt's inputs for the row. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Absent if the data has no right answer. */
  readonly gold?: string;
  readonly prediction: string;
  readonly right: boolean;
  /** The metric's score, from 0 to 1. */
  readonly score: number;
  /** The log-likelihood of the right answer, in nats. */
  readonly logLikelihood?: number;
  /** The reason for the score, if the metric gives one. */
  readonly feedback?: string;
  readonly cut?: CutBy;
}

export type MeasuredAnswers = Omit<Answers, 'version' | 'textHash' | 'total'>;

/** Limits on what is kept: rows, bytes of the file, and characters of a text. */
export interface AnswerBounds {
  readonly rows: number;
  readonly bytes: number;
  readonly characters: number;
}

export const answerBounds: AnswerBounds = { rows: 10_000, bytes: 2 ** 24, characters: 2000 };

/**
 * Replaces what is kept for the prompt file. If not all rows fit, wrong ones are kept first.
 * @throws TandemError reason 'newer-version' if a newer Tandem wrote what is kept
 */
export function writeAnswers(
  promptFile: string,
  text: string,
  { rows, ...measured }: MeasuredAnswers,
  bounds: AnswerBounds = answerBounds,
): void {
  const head: AnswersHead = { version: 1, textHash: hashPrompt(text), ...measured, total: rows.length };
  const wrongFirst = [...rows.filter(({ right }) => !right), ...rows.filter(({ right }) => right)];
  const kept: { readonly line: number; readonly json: string }[] = [];
  let bytes = 0;
  for (const row of wrongFirst.slice(0, bounds.rows)) {
    const json = JSON.stringify(shortenedRow(row, bounds.characters));
    bytes += Buffer.byteLength(json) + 1;
    if (bytes > bounds.bytes) break;
    kept.push({ line: row.line, json });
  }
  const lines = kept.sort((a, b) => a.line - b.line).map(({ json }) => json);
  const file = makeResultsFile(promptFile, ending);
  refuseNewer(file);
  writeFileAtomically(file, [JSON.stringify(head), ...lines, ''].join('\n'));
}

/**
 * @returns undefined if nothing is kept
 * @throws TandemError reasons 'bad-file', 'newer-version', 'not-a-file', 'too-large'
 */
export async function readAnswers(promptFile: string): Promise<Answers | undefined> {
  const file = resultsFile(promptFile, ending);
  let text: string;
  try {
    text = await readTextFileLater(file, { most: 2 * answerBounds.bytes, links: 'refused' });
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  const [first, ...rest] = text.trimEnd().split('\n');
  const head = requireVersion(parseJson(first, { file, line: 1 }, 'bad-file') as AnswersHead, 1, file, 1);
  const rows = rest.map((json, place) => {
    const where = { file, line: place + 2 };
    return shaped(answeredRow, parseJson(json, where, 'bad-file'), where, 'bad-file');
  });
  return { ...shaped(answersHead, head, { file, line: 1 }, 'bad-file'), rows };
}

/** A damaged file is replaced. A file of a newer Tandem stays. */
function refuseNewer(file: string): void {
  try {
    const [first] = readTextFile(file, { most: 2 * answerBounds.bytes, links: 'refused' }).split('\n', 1);
    requireVersion(parseJson(first, { file, line: 1 }, 'bad-file') as AnswersHead, 1, file, 1);
  } catch (error) {
    if (error instanceof TandemError && error.reason === 'newer-version') throw error;
  }
}

/** A prompt's numbers are never in a file of this kind, because theirs end in `.json`. */
const ending = 'answers.jsonl';

function shortenedRow(row: AnsweredRow, most: number): AnsweredRow {
  const cut = (text: string): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
  const { inputs, gold, prediction, feedback } = row;
  return {
    ...row,
    inputs: Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, cut(value)])),
    ...(gold !== undefined && { gold: cut(gold) }),
    prediction: cut(prediction),
    ...(feedback !== undefined && { feedback: cut(feedback) }),
  };
}

const answersHead = object<AnswersHead>({
  version: exactly(1),
  textHash: anyText,
  evaluation: measuredPrompt,
  labels: optional(list(anyText)),
  total: whole,
});

const answeredRow = object<AnsweredRow>({
  line,
  inputs: table(anyText),
  gold: optional(anyText),
  prediction: anyText,
  right: flag,
  score: finite,
  logLikelihood: optional(finite),
  feedback: optional(anyText),
  cut: optional(exactly('length', 'context')),
});
