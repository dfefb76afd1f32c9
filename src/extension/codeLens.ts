/** @file The lens above the body of a prompt file that has data: its headline, and what can be done with it. */
import * as vscode from 'vscode';
import { isOver, type Job, type JobStatus } from './core/job.ts';
import { lensesOf } from './core/lenses.ts';
import { promptPattern, settingIds } from './ids.ts';
import { allowanceOf } from './prompts.ts';
import type { Services } from './services.ts';
import { setting } from './settings.ts';

/** Ages are told in minutes. */
const tick = 60_000;
/** A job that is worked on changes more often than a lens should jump. Milliseconds. */
const pause = 2000;

export function registerCodeLenses({ engine, prompts, runs, reviews, offers }: Services): vscode.Disposable {
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
  const provider: vscode.CodeLensProvider = {
    onDidChangeCodeLenses: changed.event,
    provideCodeLenses(document) {
      const prompt = prompts.of(document);
      if (!prompt?.file.hasSettings || !setting<boolean>(settingIds.headline, document.uri)) return [];
      const { path, bodyOffset } = prompt.file;
      const place = new vscode.Range(document.positionAt(bodyOffset), document.positionAt(bodyOffset));
      const jobs = engine.jobs().filter(({ task }) => task.prompt === path);
      const lenses = lensesOf({
        target: document.uri,
        path,
        measured: prompt.results?.evaluation,
        stale: prompt.stale,
        job: jobs.find(({ status }) => status !== 'waiting') ?? jobs.at(0),
        latestRun: runs.newestOf(path)?.directory.run,
        proposedBy: reviews.openFor(prompt)?.directory.run,
        allows: allowanceOf(prompt),
        now: Date.now(),
        offers,
      });
      return lenses.map(({ title, tooltip, command = '', argument }) => {
        return new vscode.CodeLens(place, { title, tooltip, command, ...(argument !== undefined && { arguments: [argument] }) });
      });
    },
  };
  const minutes = setInterval(fire, tick);
  return vscode.Disposable.from(
    vscode.languages.registerCodeLensProvider({ scheme: 'file', pattern: promptPattern }, provider),
    engine.onDidChange(follow),
    prompts.onDidChange(fire),
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
