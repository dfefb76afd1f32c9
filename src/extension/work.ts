/** @file What the commands do: a prompt is measured or tuned, a run is resumed, a job is stopped. */
import * as vscode from 'vscode';
import { TandemError } from '../errors.ts';
import { stepPaths } from '../prompt/programFile.ts';
import { isProgramPath } from '../prompt/kinds/table.ts';
import { parseProgramFile } from '../prompt/readPrompt.ts';
import { readRecord } from '../run/record/runDirectory.ts';
import type { ListedRun } from '../run/record/runList.ts';
import type { Preflight } from '../optimize/preflight.ts';
import type { TuneChoice } from '../run/spec.ts';
import { answerQuestions } from './ask.ts';
import { jobTitle, type Job, type Task } from './core/job.ts';
import type { Way } from './core/ways.ts';
import { folderOf } from './folderOf.ts';
import { tellEnd } from './messages.ts';
import type { Services } from './services.ts';
import { mayRunModules, runSpec, sessionSpec } from './settings.ts';
import { requireConsent } from '../run/writerConsent.ts';
import { askConsent, writerFor } from './writer.ts';
import { notify } from './surfaces/notifications.ts';

/** Measures a prompt, or each of its lines. @returns the job at its end; undefined if the user cancelled */
export async function measure(document: vscode.TextDocument, kind: 'evaluate' | 'attribute', services: Services): Promise<Job | undefined> {
  if (!(await answerQuestions(document, kind === 'evaluate' ? 'Evaluate' : 'Measure the lines of'))) return undefined;
  await save(document);
  const { uri } = document;
  return finish({ kind, prompt: uri.fsPath, spec: sessionSpec(uri), split: 'val' }, services);
}

/** Starts a job and reports how it ended. Until then the status bar shows its progress, and the panel that of a run. */
export async function finish(task: Task, services: Services): Promise<Job> {
  const job = await services.engine.start(folderOf(vscode.Uri.file(task.prompt)), task).finished;
  tellEnd(job, services);
  return job;
}

/**
 * Tunes a prompt, its weights, or both.
 * @param way what is left out is as the settings have it
 * @param before what the preflight found, and how many milliseconds of the run's time it took
 * @returns the job at its end; undefined if the user cancelled
 */
export async function optimize(
  document: vscode.TextDocument,
  target: TuneChoice,
  services: Services,
  way: Partial<Way> = {},
  { preflight, used = 0 }: { readonly preflight?: Preflight; readonly used?: number } = {},
): Promise<Job | undefined> {
  requireTrust();
  const purpose = { both: 'Optimize', prompt: 'Optimize', weights: 'Tune' }[target];
  if (!(await answerQuestions(document, purpose))) return undefined;
  await save(document);
  const { uri } = document;
  const writer = target === 'weights' ? {} : await writerFor(uri, services);
  if (!writer) return undefined;
  const spec = { ...runSpec(uri, target, way), ...writer, ...(used > 0 && { used }) };
  return finish({ kind: 'optimize', prompt: uri.fsPath, spec, ...(preflight && { preflight }) }, services);
}

/**
 * Goes on with a run from its last checkpoint.
 * @throws TandemError reason 'no-writer-consent' where its writer may not be sent rows
 */
export async function resume({ directory, prompt }: ListedRun, services: Services): Promise<Job> {
  const uri = vscode.Uri.file(prompt);
  const { writer } = readRecord(directory).spec;
  // The record may have come with the workspace.
  if (writer) requireConsent(writer, (await askConsent(sessionSpec(uri), writer, services)) === true);
  const agreed = { ...(mayRunModules(uri) && { allowModules: true as const }), ...(writer && { writerConsent: true as const }) };
  return finish({ kind: 'resume', prompt, directory, ...agreed }, services);
}

/** Shows the report of a run, as far as it got. */
export async function openReport({ directory }: ListedRun, { runs }: Services): Promise<void> {
  const { writeReport } = await import('../run/words/reportFile.ts');
  writeReport(directory, (await runs.read(directory)).state);
  await vscode.commands.executeCommand('markdown.showPreview', vscode.Uri.file(directory.report));
}

/** Shows what two runs ended with beside each other. @throws TandemError those of compareRuns */
export async function showComparison(a: ListedRun, b: ListedRun, runs: Services['runs']): Promise<void> {
  const states = await Promise.all([runs.read(a.directory), runs.read(b.directory)]);
  const [{ compareRuns }, { comparisonText }] = await Promise.all([
    import('../run/compareRuns.ts'),
    import('../run/words/comparisonText.ts'),
  ]);
  const content = comparisonText(a.directory.run, b.directory.run, compareRuns(states[0].state, states[1].state));
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ content, language: 'plaintext' }), { preview: true });
}

/** Ends a job. If a run is still measuring what it accepted, asks whether to end it at once. */
export async function stop(job: Job, { engine }: Services): Promise<void> {
  if (job.status !== 'stopping') {
    engine.stop(job.id);
    return;
  }
  const end = 'End Now';
  const message = `${jobTitle(job)} is stopping. It is measuring what it accepted on the held-out test rows.`;
  const modal = { detail: 'If you end the run now, you can resume it later.' };
  if ((await notify('warning', message, { actions: [end], modal })) === end) engine.end(job.id);
}

/** @throws TandemError reason 'untrusted-workspace' */
export function requireTrust(): void {
  if (vscode.workspace.isTrusted) return;
  throw new TandemError(
    'untrusted-workspace',
    'In Restricted Mode you can evaluate prompts but not tune them. Trust the workspace to tune.',
  );
}

/** The worker reads the file, of a program its prompt files too. @throws TandemError reason 'not-saved' */
export async function save(document: vscode.TextDocument): Promise<void> {
  const { fsPath } = document.uri;
  const steps = isProgramPath(fsPath) ? stepPaths(parseProgramFile(fsPath, document.getText())) : [];
  const ofSteps = vscode.workspace.textDocuments.filter(({ uri }) => uri.scheme === 'file' && steps.includes(uri.fsPath));
  for (const each of [document, ...ofSteps]) {
    if (!each.isDirty || (await each.save())) continue;
    throw new TandemError('not-saved', 'The prompt file could not be saved.', { where: { file: each.uri.fsPath } });
  }
}
