/** @file Before a run is paid for: which lever is likely to help, and whether to go on with both. */
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
import { runSpec, setting } from './settings.ts';
import { notify } from './surfaces/notifications.ts';
import { finish, optimize, requireTrust, save } from './work.ts';

const titles: Readonly<Record<LeverChoice, string>> = {
  both: 'Optimize Both',
  weights: 'Tune Weights Only',
  prompt: 'Optimize Prompt Only',
};

/** Measures, tells, and offers to go on. @returns undefined where the user went away or it failed */
export async function lookForHeadroom(document: vscode.TextDocument, services: Services): Promise<Headroom | undefined> {
  const headroom = (await measured(document, 'Look for headroom in', services))?.headroom;
  // The answer to the message is not waited for.
  if (headroom) void ask(document, headroom).then((lever) => lever && optimize(document, lever, services));
  return headroom;
}

/** Tunes prompt and weights; where one of them is not likely to help, as the setting says, it asks first. */
export async function optimizeWithHeadroom(document: vscode.TextDocument, services: Services): Promise<Job | undefined> {
  if (setting(settingIds.headroom, document.uri) === 'off') return optimize(document, 'both', services);
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
  if (headroom) services.log.info(`Headroom of ${basename(uri.fsPath)}: ${headroomHeadline(headroom)}\n${headroomText(headroom)}`);
  return headroom && { headroom, used: startedAt === undefined ? 0 : Date.now() - startedAt };
}

async function ask({ uri }: vscode.TextDocument, headroom: Headroom, { modal = false } = {}): Promise<LeverChoice | undefined> {
  const headline = `${basename(uri.fsPath)}: ${headroomHeadline(headroom)}.`;
  const offered = leversOffered(headroom).map((lever) => ({ title: titles[lever], lever }));
  const options = { actions: offered, ...(modal && { modal: { detail: headroomText(headroom) } }) };
  return (await notify('information', headline, options))?.lever;
}
