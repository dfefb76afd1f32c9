/** @file The lens above the body of a prompt file that has data, or above a program and its steps: its headline, and what can be done with it. */
import * as vscode from 'vscode';
import { patternOf } from '../prompt/kinds/table.ts';
import { isOver, type Job, type JobStatus } from './core/job.ts';
import { lensesOf, stepLenses, type Lens, type LensFacts } from './core/lenses.ts';
import { hasData, stepIn, type MeasuredFile } from './core/measuredFile.ts';
import { settingIds } from './ids.ts';
import { allowanceOf, type OpenPrompt } from './prompts.ts';
import type { Services } from './services.ts';
import { setting } from './settings.ts';
import { codeLens } from './surfaces/inPlace.ts';

/** Ages are shown in minutes. */
const tick = 60_000;
/** A job that is worked on changes more often than a lens should jump. Milliseconds. */
const pause = 2000;

export function registerCodeLenses({ engine, prompts, library, runs, reviews, offers }: Services): vscode.Disposable {
  const changed = new vscode.EventEmitter<void>();
  const statuses = new Map<number, JobStatus>();
  let timer: NodeJS.Timeout | undefined;
  const fire = (): void => {
    clearTimeout(timer);
    timer = undefined;
    changed.fire();
  };
  const follow = (job: Job): void => {
    if (statuses.get(job.id) === job.status) timer ??= setTimeout(fire, pause);
    else fire();
    if (isOver(job)) statuses.delete(job.id);
    else statuses.set(job.id, job.status);
  };
  /** The lens of a prompt file or a program; or, in the prompt file of a step, that of its program. */
  const factsOf = (measured: MeasuredFile, shown: OpenPrompt, step?: LensFacts['step']): LensFacts => {
    const { path } = measured.file;
    const jobs = engine.jobs().filter(({ task }) => task.prompt === path);
    return {
      target: vscode.Uri.file(path),
      path,
      measured: measured.results?.evaluation,
      stale: measured.stale,
      job: jobs.find(({ status }) => status !== 'waiting') ?? jobs.at(0),
      latestRun: runs.newestOf(path)?.directory.run,
      proposed: proposedFor(shown.file.path),
      ...(step && { step }),
      allows: allowanceOf(measured),
      now: Date.now(),
      offers,
    };
  };
  const proposedFor = (path: string): LensFacts['proposed'] => {
    const latest = reviews.latestFor(path);
    return latest && { ...latest, run: latest.run.directory.run };
  };
  const lensesAt = (line: number, lenses: readonly Lens[]): vscode.CodeLens[] => {
    const place = new vscode.Range(line, 0, line, 0);
    return lenses.map(({ title, tooltip, command, argument }) => {
      return codeLens(place, { title, tooltip, command, ...(argument !== undefined && { arguments: [argument] }) });
    });
  };
  const provider: vscode.CodeLensProvider = {
    onDidChangeCodeLenses: changed.event,
    async provideCodeLenses(document) {
      const prompt = prompts.of(document);
      if (!prompt || !setting<boolean>(settingIds.headline, document.uri)) return [];
      const { path, bodyOffset } = prompt.file;
      const { line } = document.positionAt(bodyOffset);
      const programs = hasData(prompt) ? [] : await library.programsWith(path);
      if (programs.length > 0) {
        return programs.flatMap((program) => {
          const step = { target: document.uri, place: stepIn(program, path), of: program.steps!.length };
          return lensesAt(line, lensesOf(factsOf(program, prompt, step)));
        });
      }
      if (!prompt.file.hasSettings) return [];
      const run = reviews.latestFor(path)?.run;
      const ofSteps = (prompt.steps ?? []).map((step): vscode.CodeLens[] => {
        const changes = run ? reviews.openIn(run, step.path) : 0;
        const facts = { target: vscode.Uri.file(step.path), path: step.path, changes, offers };
        return lensesAt(Math.min(step.line, document.lineCount - 1), stepLenses(facts));
      });
      return [...lensesAt(line, lensesOf(factsOf(prompt, prompt))), ...ofSteps.flat()];
    },
  };
  const minutes = setInterval(fire, tick);
  return vscode.Disposable.from(
    vscode.languages.registerCodeLensProvider({ scheme: 'file', pattern: patternOf() }, provider),
    engine.onDidChange(follow),
    library.onDidChange(fire),
    runs.onDidChange(fire),
    reviews.onDidChange(fire),
    vscode.workspace.onDidChangeConfiguration((change) => change.affectsConfiguration(settingIds.headline) && fire()),
    vscode.workspace.onDidGrantWorkspaceTrust(fire),
    changed,
    {
      dispose: () => {
        clearTimeout(timer);
        clearInterval(minutes);
      },
    },
  );
}
