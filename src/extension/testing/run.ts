/** @file One test run: the chosen rows are measured in the worker, and each is reported as passed or failed. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { describeError, TandemError } from '../../errors.ts';
import { duration, percentWithInterval, rowCount } from '../../run/words/format.ts';
import type { PromptMeasurement } from '../../run/measure.ts';
import type { Split } from '../../run/spec.ts';
import type { Job } from '../core/job.ts';
import { inputLines, measuredLines, outcomeOf, rowTestId, unlistedFailures } from '../core/rowTests.ts';
import { chosenRows, isWhole, type TestChoice } from '../core/testChoices.ts';
import type { Services } from '../services.ts';
import { sessionSpec } from '../settings.ts';
import { sayInTest, testDifference, testMessage } from '../surfaces/inPlace.ts';
import { splitTags, type TestTree } from './tree.ts';
import { folderOf } from '../folderOf.ts';

export interface Testing {
  readonly controller: vscode.TestController;
  readonly tree: TestTree;
  readonly services: Services;
  /** Ids of the jobs that test runs have started. */
  readonly own: Set<number>;
}

export async function runChoices(
  testing: Testing,
  request: vscode.TestRunRequest,
  choices: readonly TestChoice[],
  split: Split,
  token: vscode.CancellationToken,
): Promise<void> {
  const testRun = testing.controller.createTestRun(request);
  try {
    await Promise.all(choices.map((choice) => runChoice(testing, { testRun, split, tokens: [token, testRun.token] }, choice)));
  } finally {
    testRun.end();
  }
}

interface Running {
  readonly testRun: vscode.TestRun;
  readonly split: Split;
  readonly tokens: readonly vscode.CancellationToken[];
}

async function runChoice(
  { controller, tree, services, own }: Testing,
  { testRun, split, tokens }: Running,
  choice: TestChoice,
): Promise<void> {
  const prompt = controller.items.get(choice.prompt);
  if (!prompt) return;
  const whole = isWhole(choice);
  await tree.list(prompt);
  const all = [...prompt.children].map(([, row]) => row).filter(({ tags }) => tags.includes(splitTags[split]));
  const rows = chosenRows(choice, all);
  if ((rows.length === 0 && !whole) || tokens.some((token) => token.isCancellationRequested)) return;
  const job = await measure(services, own, prompt.uri!, { split, ...(!whole && { lines: rows.map(lineOf) }) }, tokens, () =>
    rows.forEach((row) => testRun.started(row)),
  );
  if (job.measured && 'rows' in job.measured) {
    tellRows(testRun, job.measured, rows);
    if (whole) tellWhole({ testRun, tree, prompt, rows }, job.measured, Date.now() - job.startedAt!);
  } else if (job.error) testRun.errored(whole ? prompt : rows[0], failureOf(job.error));
  else rows.forEach((row) => testRun.skipped(row));
}

/** Reports a measurement of a whole prompt that was started elsewhere; the Test Explorer does not come to the front for it. */
export async function reportMeasured({ controller, tree }: Testing, { task, measured, startedAt }: Job): Promise<void> {
  const prompt = controller.items.get(vscode.Uri.file(task.prompt).toString());
  if (!prompt || !measured || !('rows' in measured)) return;
  await tree.list(prompt);
  const rows = [...prompt.children].map(([, row]) => row).filter(({ tags }) => tags.includes(splitTags[measured.split]));
  const request = new vscode.TestRunRequest([prompt], undefined, undefined, false, true);
  const testRun = controller.createTestRun(request, 'Evaluate');
  tellRows(testRun, measured, rows);
  tellWhole({ testRun, tree, prompt, rows }, measured, Date.now() - startedAt!);
  testRun.end();
}

interface WholeRun {
  readonly testRun: vscode.TestRun;
  readonly tree: TestTree;
  readonly prompt: vscode.TestItem;
  readonly rows: readonly vscode.TestItem[];
}

/** The prompt itself neither passes nor fails: it would be counted among its rows. */
function tellWhole({ testRun, tree, prompt, rows }: WholeRun, measured: PromptMeasurement, took: number): void {
  tree.showScore(prompt, `${percentWithInterval(measured.score)} on ${rowCount(measured.score.rows)}`);
  const notes = [
    ...measuredLines(measured),
    `Took ${duration(took)} for all rows together`,
    unlistedFailures(measured, new Set(rows.map(({ id }) => id))),
  ];
  sayInTest(testRun, [basename(prompt.uri!.fsPath), ...notes.flatMap((note) => (note === undefined ? [] : [`  ${note}`]))], prompt);
}

/** @returns the job at its end */
async function measure(
  { engine }: Services,
  own: Set<number>,
  uri: vscode.Uri,
  what: { readonly split: Split; readonly lines?: readonly number[] },
  tokens: readonly vscode.CancellationToken[],
  onStarted: () => void,
): Promise<Job> {
  const { id, finished } = engine.start(folderOf(uri), { kind: 'evaluate', prompt: uri.fsPath, spec: sessionSpec(uri), ...what });
  own.add(id);
  let started = false;
  const follow = (job: Job): void => {
    if (started || job.id !== id || job.status !== 'running') return;
    started = true;
    onStarted();
  };
  engine.jobs().forEach(follow);
  const listeners = [engine.onDidChange(follow), ...tokens.map((token) => token.onCancellationRequested(() => engine.stop(id)))];
  const job = await finished;
  for (const listener of listeners) listener.dispose();
  return job;
}

function tellRows(testRun: vscode.TestRun, { rows, split }: PromptMeasurement, items: readonly vscode.TestItem[]): void {
  const byId = new Map(rows.map((row) => [rowTestId(split, row.line), row]));
  for (const item of items) {
    const row = byId.get(item.id);
    if (!row) {
      testRun.skipped(item);
      continue;
    }
    const outcome = outcomeOf(row);
    if (outcome.right) testRun.passed(item);
    else {
      const place = new vscode.Location(item.uri!, item.range!);
      const { message, expected, actual } = outcome;
      sayInTest(testRun, inputLines(row), item);
      testRun.failed(item, expected === undefined ? testMessage(message, place) : testDifference(message, expected, actual, place));
    }
  }
}

function failureOf(error: Error): vscode.TestMessage {
  const text = describeError(error);
  if (!(error instanceof TandemError) || !error.where) return testMessage(text);
  const { file, line = 1, column = 1 } = error.where;
  return testMessage(text, new vscode.Location(vscode.Uri.file(file), new vscode.Position(line - 1, column - 1)));
}

const lineOf = ({ range }: vscode.TestItem): number => range!.start.line + 1;
