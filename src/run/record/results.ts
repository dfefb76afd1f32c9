/** @file `.tandem/results/`: the latest numbers measured for a prompt file, for the annotations in the editor. */
import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { TandemError } from '../../errors.ts';
import type { Cut } from '../../evaluate/cuts.ts';
import type { Difference, Estimate } from '../../optimize/events.ts';
import { editorText } from '../../prompt/hunks.ts';
import type { Program } from '../../prompt/program.ts';
import { kindOf } from '../../prompt/kinds/table.ts';
import { exactly, finite, list, moment, object, optional, table, text as anyText, type Fields, type Shape, day } from '../../shape.ts';
import { readVersioned, writeVersioned } from './jsonFile.ts';
import { resultsOfVersionOne } from './versionOne.ts';
import { portable } from './runDirectory.ts';
import { cuts, difference, estimate, line } from './shapes.ts';
import type { Split } from '../spec.ts';
import { makeFolder, workspaceOf } from './tandemFolder.ts';

export interface Results {
  readonly version: 2;
  /** `hashPrompt` of the text that the numbers belong to. If it differs from the file's, they are out of date. */
  readonly textHash: string;
  readonly evaluation?: MeasuredPrompt;
  readonly lines?: MeasuredLines;
}

/** The conditions of a measurement. */
export interface MeasuredWith {
  /** ISO 8601. */
  readonly at: string;
  readonly model: string;
  readonly adapter?: string;
  readonly metric: string;
  readonly split: Split;
  /** The date that the chat template was given, YYYY-MM-DD. Absent if it reads none. */
  readonly chatDate?: string;
}

export interface MeasuredPrompt extends MeasuredWith {
  readonly score: Estimate;
  /** Absent if the data has no right answers. */
  readonly logLikelihood?: Estimate;
  /** Answers that were cut off. Absent if none were, and from files of versions that did not record it. */
  readonly cuts?: readonly Cut[];
  /** The scores of the other metrics. Absent if there are none. */
  readonly reported?: readonly { readonly metric: string; readonly score: Estimate }[];
}

export interface MeasuredLines extends MeasuredWith {
  readonly lines: readonly LineWorth[];
}

/** What a line of the prompt is worth: the score with it minus the score without it, over the same rows. */
export interface LineWorth {
  /** For a program, the prompt file of the step, relative to the workspace. */
  readonly file?: string;
  /** 1-based line of the prompt file. */
  readonly line: number;
  readonly text: string;
  readonly score: Difference;
  readonly logLikelihood?: Difference;
  /** This and the following are absent from files of versions that did not record them. 'demonstrations': all of them together, at the line of their place. */
  readonly kind?: 'line' | 'demonstrations';
  /** Prompt tokens that leaving it out saves. */
  readonly tokensSaved?: number;
  /** Rows whose prediction the line changed, the right ones first, at most three. */
  readonly changedPredictions?: readonly LineChange[];
}

/** A row with a different prediction without the line. Long values are cut. */
export interface LineChange {
  /** 1-based line in the data file. */
  readonly line: number;
  readonly inputs: Readonly<Record<string, string>>;
  readonly gold?: string;
  readonly withLine: string;
  readonly withoutLine: string;
}

/** Adds to the numbers for this text of the prompt file. Numbers for another text are dropped. */
export function writeResults(promptFile: string, text: string, measured: Pick<Results, 'evaluation' | 'lines'>): void {
  const file = makeResultsFile(promptFile, 'json');
  const known = knownResults(promptFile);
  const textHash = hashPrompt(text);
  writeVersioned(file, { version: 2, textHash, ...(known?.textHash === textHash ? known : {}), ...measured } satisfies Results);
}

/** @throws TandemError reasons 'bad-file', 'newer-version', 'not-a-file', 'too-large' */
export function readResults(promptFile: string): Results | undefined {
  return readVersioned(resultsFile(promptFile, 'json'), 2, results, { upgrade: resultsOfVersionOne });
}

/** A damaged file is measured again and replaced. A file of a newer Tandem stays. */
function knownResults(promptFile: string): Results | undefined {
  try {
    return readResults(promptFile);
  } catch (error) {
    if (error instanceof TandemError && error.reason === 'bad-file') return undefined;
    throw error;
  }
}

const withFields: Fields<MeasuredWith> = {
  at: moment,
  model: anyText,
  adapter: optional(anyText),
  metric: anyText,
  split: exactly('val', 'test'),
  chatDate: optional(day),
};

const lineChange = object<LineChange>({ line, inputs: table(anyText), gold: optional(anyText), withLine: anyText, withoutLine: anyText });

const worth = object<LineWorth>({
  file: optional(anyText),
  line,
  text: anyText,
  score: difference,
  logLikelihood: optional(difference),
  kind: optional(exactly('line', 'demonstrations')),
  tokensSaved: optional(finite),
  changedPredictions: optional(list(lineChange)),
});

export const measuredPrompt: Shape<MeasuredPrompt> = object<MeasuredPrompt>({
  ...withFields,
  score: estimate,
  logLikelihood: optional(estimate),
  reported: optional(list(object<{ metric: string; score: Estimate }>({ metric: anyText, score: estimate }))),
  cuts: optional(cuts),
});

const results = object<Results>({
  version: exactly(2),
  textHash: anyText,
  evaluation: optional(measuredPrompt),
  lines: optional(object<MeasuredLines>({ ...withFields, lines: list(worth) })),
});

/** The same for a text with and without BOM and with either line ending: like the score, it does not depend on how a file is checked out. */
export const hashPrompt = (text: string): string => hashText(editorText(text));

/** Everything that a program's numbers depend on, as one text: the program file, and its prompt files in the order of the steps. */
export const programText = ({ file, steps }: Pick<Program, 'file' | 'steps'>): string =>
  [file, ...steps].map(({ text }) => editorText(text)).join('\0');

export const hashText = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');

/**
 * The path of a prompt file's numbers: for `prompts/intent.prompt.md` it is `.tandem/results/prompts/intent.json`, for
 * `intent.prompty` in `intent.prompty.json` beside it.
 * @param ending of the file's name, without its dot
 */
export function resultsFile(promptFile: string, ending: string): string {
  const workspace = workspaceOf(promptFile);
  return join(workspace, '.tandem', 'results', resultsName(workspace, promptFile, ending));
}

/** The same path, with missing folders created. @throws TandemError reason 'not-a-folder' */
export function makeResultsFile(promptFile: string, ending: string): string {
  const workspace = workspaceOf(promptFile);
  const name = resultsName(workspace, promptFile, ending);
  const folders = dirname(name)
    .split('/')
    .filter((each) => each !== '.');
  return join(makeFolder(workspace, 'results', ...folders), basename(name));
}

function resultsName(workspace: string, promptFile: string, ending: string): string {
  const name = portable(workspace, promptFile);
  return `${kindOf(name)?.resultsName(name) ?? name.replace(/(\.prompt)?\.\w+$/, '')}.${ending}`;
}
