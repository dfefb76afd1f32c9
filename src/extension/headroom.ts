/** @file The preflight before a run: whether the prompt or the weights are likely to help, and whether to tune both. */
import { basename } from 'node:path';
import type * as vscode from 'vscode';
import type { Headroom } from '../optimize/headroom.ts';
import { headroomHeadline, headroomText } from '../run/headroomText.ts';
import type { LeverChoice } from '../run/spec.ts';
import { answerQuestions } from './ask.ts';
import type { Job } from './core/job.ts';
import { leversOffered } from './core/leversOffered.ts';
import { settingIds } from './ids.ts';
import type { Services } from './services.ts';
import { renamedSetting, runSpec } from './settings.ts';
import { notify } from './surfaces/notifications.ts';
import { finish, optimize, requireTrust, save } from './work.ts';

const titles: Readonly<Record<LeverChoice, string>> = {
  both: 'Optimize Both',
  weights: 'Tune Weights Only',
  prompt: 'Optimize Prompt Only',
};

/** Measures, reports, and offers to start a run. @returns undefined if the user cancelled or it failed */
export async function lookForHeadroom(document: vscode.TextDocument, services: Services): Promise<Headroom | undefined> {
  const headroom = (await measured(document, 'Run preflight on', services))?.headroom;
  // The answer to the message is not waited for.
  if (headroom) void ask(document, headroom).then((lever) => lever && optimize(document, lever, services));
  return headroom;
}

/** Tunes prompt and weights. If the setting says so, and one of them is unlikely to help, it asks first. */
export async function optimizeWithHeadroom(document: vscode.TextDocument, services: Services): Promise<Job | undefined> {
  if (renamedSetting(settingIds.preflight, settingIds.headroom, document.uri) === 'off') return optimize(document, 'both', services);
  const { budget } = runSpec(document.uri, 'both');
  // It is a part of the run, and what it takes is taken from the run's time.
  const within = 'seconds' in budget ? (1000 * budget.seconds) / 5 : undefined;
  const found = await measured(document, 'Optimize', services, within);
  if (!found) return undefined;
  const { headroom, used } = found;
  const unlikely = headroom.levers.some(({ outlook }) => outlook === 'unlikely');
  const lever = unlikely ? await ask(document, headroom, { modal: true }) : 'both';
  return lever && optimize(document, lever, services, {}, used);
}

/** @returns with the milliseconds that it took, without those of waiting for the user or for other jobs */
async function measured(
  document: vscode.TextDocument,
  purpose: string,
  services: Services,
  within?: number,
): Promise<{ readonly headroom: Headroom; readonly used: number } | undefined> {
  const { uri } = document;
  requireTrust();
  if (!(await answerQuestions(document, purpose))) return undefined;
  await save(document);
  const task = { kind: 'headroom', prompt: uri.fsPath, spec: runSpec(uri, 'both'), ...(within !== undefined && { within }) } as const;
  const { headroom, startedAt } = await finish(task, services);
  if (headroom) services.log.info(`Preflight of ${basename(uri.fsPath)}: ${headroomHeadline(headroom)}\n${headroomText(headroom)}`);
  return headroom && { headroom, used: startedAt === undefined ? 0 : Date.now() - startedAt };
}

async function ask({ uri }: vscode.TextDocument, headroom: Headroom, { modal = false } = {}): Promise<LeverChoice | undefined> {
  const headline = `${basename(uri.fsPath)}: ${headroomHeadline(headroom)}.`;
  const offered = leversOffered(headroom).map((lever) => ({ title: titles[lever], lever }));
  const options = { actions: offered, ...(modal && { modal: { detail: headroomText(headroom) } }) };
  return (await notify('information', headline, options))?.lever;
}
