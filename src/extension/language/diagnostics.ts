/** @file What is wrong with the prompt files and programs of the workspace, open or not, as problems of the editor. */
import { dirname } from 'node:path';
import * as vscode from 'vscode';
import { describeError } from '../../errors.ts';
import type { Problem, PromptFile } from '../../prompt/promptFile.ts';
import { dataFilesOf, type DataFinding } from '../core/dataSample.ts';
import { hasData, stepIn, type MeasuredFile } from '../core/measuredFile.ts';
import { missingModel, type MissingModel } from '../core/modelProblems.ts';
import { problemsIn, problemsOf } from '../core/problems.ts';
import { makeQueue } from '../core/queue.ts';
import { dataPattern } from '../dataFiles.ts';
import { rangeIn, rangesInText } from '../edit.ts';
import type { OpenPrompt } from '../prompts.ts';
import { registerQuickFixes } from './quickFixes.ts';
import type { Services } from '../services.ts';
import { problem } from '../surfaces/inPlace.ts';

/** What was found last in a file. */
interface Checked {
  readonly file: PromptFile;
  readonly problems: readonly Problem[];
  /** The programs that it is a step of, or itself. */
  readonly programs: readonly MeasuredFile[];
}

export function registerDiagnostics({ prompts, library, models, samples, log }: Services): vscode.Disposable {
  const collection = vscode.languages.createDiagnosticCollection('tandem');
  /** By path. */
  const checked = new Map<string, Checked>();
  /** Paths of files that are to be checked again although they have not changed. */
  const outdated = new Set<string>();
  /** By path, as they were when the library changed last. */
  let everything: Promise<ReadonlyMap<string, MeasuredFile>> | undefined;
  /** By folder and model. */
  const missingModels = new Map<string, Promise<MissingModel | undefined>>();

  const all = (): Promise<ReadonlyMap<string, MeasuredFile>> =>
    (everything ??= library.all().then((found) => new Map(found.map((each) => [each.file.path, each]))));
  const isOpen = (measured: MeasuredFile): measured is OpenPrompt => 'document' in measured;
  const find = async (path: string): Promise<MeasuredFile | undefined> => {
    const open = prompts.all().find(({ file }) => file.path === path);
    // To check a file is to read others that it names.
    return open ?? (vscode.workspace.isTrusted ? (await all()).get(path) : undefined);
  };
  const programsOf = async (measured: MeasuredFile): Promise<readonly MeasuredFile[]> => {
    if (measured.steps) return [measured];
    if (hasData(measured)) return [];
    return [...(await all()).values()].filter((each) => stepIn(each, measured.file.path) >= 0);
  };
  const findingsOf = async ({ file }: MeasuredFile): Promise<ReadonlyMap<string, DataFinding>> => {
    const paths = file.hasSettings ? dataFilesOf(file.settings, file.path).map((each) => each.file) : [];
    return new Map(await Promise.all(paths.map(async (path) => [path, await samples.find(path)] as const)));
  };
  const modelOf = async (file: PromptFile): Promise<MissingModel | undefined> => {
    const key = JSON.stringify([dirname(file.path), file.ranges.model && file.settings.model]);
    if (!missingModels.has(key)) missingModels.set(key, missingModel(file));
    const missing = await missingModels.get(key);
    // From then on the models are watched, so that its arrival is noticed.
    if (missing) await models.list();
    return missing;
  };
  const problemsFor = async (own: MeasuredFile, programs: readonly MeasuredFile[]): Promise<Problem[]> => {
    const { file } = own;
    const model = await modelOf(file);
    if (programs.length === 0) return problemsOf(file, await findingsOf(own), model);
    const found = await Promise.all(programs.map(async (program) => problemsIn(file, program, await findingsOf(program), model)));
    // The same problem in two programs is shown once.
    return [...new Map(found.flat().map((each) => [JSON.stringify(each), each])).values()];
  };
  const check = async (path: string): Promise<void> => {
    const measured = await find(path);
    if (!measured) {
      checked.delete(path);
      outdated.delete(path);
      collection.delete(vscode.Uri.file(path));
      return;
    }
    const { file } = measured;
    const programs = await programsOf(measured);
    const before = checked.get(path);
    if (!outdated.delete(path) && before?.file === file && same(before.programs, programs)) return;
    const problems = await problemsFor(measured, programs);
    // The text may be another one by now; its own check follows.
    if (isOpen(measured) && prompts.of(measured.document) !== measured) return;
    checked.set(path, { file, problems, programs });
    const placed = isOpen(measured) ? (each: Problem) => rangeIn(measured.document, each.range) : inText(file.text);
    collection.set(
      vscode.Uri.file(path),
      problems.map((each) => diagnosticOf(each, placed(each))),
    );
  };
  const queue = makeQueue<string>((path) => check(path).catch((error: unknown) => log.error(describeError(error))));

  const checkAll = async (): Promise<void> => {
    everything = undefined;
    queue.addFirst(...prompts.all().map(({ file }) => file.path));
    const others = vscode.workspace.isTrusted ? (await all()).keys() : [];
    queue.add(...others, ...checked.keys());
  };
  const begin = (): void => void checkAll().catch((error: unknown) => log.error(describeError(error)));
  /** Those that name data in the folder of a file, which may be the one that they name, or the one that is meant. */
  const heedData = ({ fsPath }: vscode.Uri): void => {
    const folder = dirname(fsPath);
    const names = ({ settings, path }: PromptFile): boolean => dataFilesOf(settings, path).some((each) => dirname(each.file) === folder);
    recheck(({ file, programs }) => names(file) || programs.some((program) => names(program.file)));
  };
  const recheck = (concerns: (known: Checked) => boolean): void => {
    for (const [path, known] of checked) if (concerns(known)) outdated.add(path);
    begin();
  };
  const heedModels = (): void => {
    missingModels.clear();
    recheck(({ file }) => file.ranges.model !== undefined);
  };
  const watcher = vscode.workspace.createFileSystemWatcher(dataPattern);
  begin();
  return vscode.Disposable.from(
    collection,
    queue,
    // A prompt file may become a step of a program, or no longer be one.
    library.onDidChange(begin),
    models.onDidChange(heedModels),
    vscode.workspace.onDidGrantWorkspaceTrust(begin),
    registerQuickFixes(({ uri }) => checked.get(uri.fsPath)?.problems ?? []),
    watcher,
    watcher.onDidCreate(heedData),
    watcher.onDidChange(heedData),
    watcher.onDidDelete(heedData),
  );
}

const same = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((each, place) => each === b[place]);

function inText(text: string): (each: Problem) => vscode.Range {
  const rangeOf = rangesInText(text);
  return ({ range }) => rangeOf(range);
}

function diagnosticOf({ severity, message, hint }: Problem, range: vscode.Range): vscode.Diagnostic {
  return problem(range, hint === undefined ? message : `${message} ${hint}`, severities[severity]);
}

const severities: Readonly<Record<Problem['severity'], vscode.DiagnosticSeverity>> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
};
