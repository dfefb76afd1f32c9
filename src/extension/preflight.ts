/** @file The preflight before a run: whether the prompt or the weights are likely to help, and whether to tune both. */
import { basename } from 'node:path';
import type * as vscode from 'vscode';
import type { Preflight } from '../optimize/preflight.ts';
import { preflightHeadline, preflightText } from '../run/words/preflightText.ts';
import type { TuneChoice } from '../run/spec.ts';
import { answerQuestions } from './ask.ts';
import type { Job } from './core/job.ts';
import { targetsOffered } from './core/targetsOffered.ts';
import { settingIds } from './ids.ts';
import type { Services } from './services.ts';
import { renamedSetting, runSpec } from './settings.ts';
import { notify } from './surfaces/notifications.ts';
import { finish, optimize, requireTrust, save } from './work.ts';

const titles: Readonly<Record<TuneChoice, string>> = {
  both: 'Optimize Both',
  weights: 'Tune Weights Only',
  prompt: 'Optimize Prompt Only',
};

/** Measures, reports, and offers to start a run. @returns undefined if the user cancelled or it failed */
export async function showPreflight(document: vscode.TextDocument, services: Services): Promise<Preflight | undefined> {
  const preflight = (await measured(document, 'Run preflight on', services))?.preflight;
  // The answer to the message is not waited for.
  if (preflight) void ask(document, preflight).then((target) => target && optimize(document, target, services, {}, { preflight }));
  return preflight;
}

/** Tunes prompt and weights. If the setting says so, and one of them is unlikely to help, it asks first. */
export async function optimizeAfterPreflight(document: vscode.TextDocument, services: Services): Promise<Job | undefined> {
  if (renamedSetting(settingIds.preflight, settingIds.headroom, document.uri) === 'off') return optimize(document, 'both', services);
  const { budget } = runSpec(document.uri, 'both');
  // It is a part of the run, and what it takes is taken from the run's time.
  const within = 'seconds' in budget ? (1000 * budget.seconds) / 5 : undefined;
  const found = await measured(document, 'Optimize', services, within);
  if (!found) return undefined;
  const { preflight } = found;
  const unlikely = preflight.targets.some(({ outlook }) => outlook === 'unlikely');
  const target = unlikely ? await ask(document, preflight, { modal: true }) : 'both';
  return target && optimize(document, target, services, {}, found);
}

/** @returns with the milliseconds that it took, without those of waiting for the user or for other jobs */
async function measured(
  document: vscode.TextDocument,
  purpose: string,
  services: Services,
  within?: number,
): Promise<{ readonly preflight: Preflight; readonly used: number } | undefined> {
  const { uri } = document;
  requireTrust();
  if (!(await answerQuestions(document, purpose))) return undefined;
  await save(document);
  const task = { kind: 'preflight', prompt: uri.fsPath, spec: runSpec(uri, 'both'), ...(within !== undefined && { within }) } as const;
  const { preflight, startedAt } = await finish(task, services);
  if (preflight) services.log.info(`Preflight of ${basename(uri.fsPath)}: ${preflightHeadline(preflight)}\n${preflightText(preflight)}`);
  return preflight && { preflight, used: startedAt === undefined ? 0 : Date.now() - startedAt };
}

async function ask({ uri }: vscode.TextDocument, preflight: Preflight, { modal = false } = {}): Promise<TuneChoice | undefined> {
  const headline = `${basename(uri.fsPath)}: ${preflightHeadline(preflight)}.`;
  const offered = targetsOffered(preflight).map((target) => ({ title: titles[target], target }));
  const options = { actions: offered, ...(modal && { modal: { detail: preflightText(preflight) } }) };
  return (await notify('information', headline, options))?.target;
}
