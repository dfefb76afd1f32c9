/** @file The user's settings, as what the worker is asked. */
import * as vscode from 'vscode';
import { isProgramPath } from '../prompt/kinds/table.ts';
import {
  parseBudget,
  parseSchedule,
  runDefaults,
  sessionDefaults,
  type CoordinatorName,
  type RowLimits,
  type TuneChoice,
  type RunSpec,
  type SessionSpec,
} from '../run/spec.ts';
import { isSet } from './core/isSet.ts';
import type { Way } from './core/ways.ts';
import type { AdapterChoice } from '../model/stepAdapters.ts';
import { settingIds, type SettingId } from './ids.ts';

/** The value of a setting for this file; the manifest has its default. */
export function setting<T>(id: SettingId, scope?: vscode.Uri): T {
  return vscode.workspace.getConfiguration(undefined, scope).get<T>(id)!;
}

/** The value of a setting, or of its former name while nobody has set the new one. */
export function renamedSetting<T>(id: SettingId, former: SettingId, scope: vscode.Uri): T {
  const inspected = vscode.workspace.getConfiguration(undefined, scope).inspect<T>(id);
  return setting<T>(inspected && isSet(inspected) ? id : former, scope);
}

/** Metrics that are modules run where the user says so in a workspace that is trusted; VS Code heeds no such setting of another. */
export const mayRunModules = (scope: vscode.Uri): boolean => vscode.workspace.isTrusted && setting<boolean>(settingIds.allowModules, scope);

export function sessionSpec(prompt: vscode.Uri): SessionSpec {
  const [rows, threads] = [setting<number>(settingIds.rows, prompt), setting<number>(settingIds.threads, prompt)];
  return {
    ...sessionDefaults,
    prompt: prompt.fsPath,
    rows: rowLimits(rows),
    executor: setting(settingIds.executor, prompt),
    ...(threads > 0 && { threads }),
    weights: setting(settingIds.weights, prompt),
    ...(setting<boolean>(settingIds.skipBadRows, prompt) && { skipBadRows: true }),
    ...(!vscode.workspace.isTrusted && { untrusted: true }),
    ...(mayRunModules(prompt) && { allowModules: true }),
  };
}

/** @param rows the most validation rows; 0 for all */
const rowLimits = (rows: number): RowLimits => (rows > 0 ? { val: rows } : {});

/**
 * @param way what is left out is as the settings have it; with the weights alone there is nothing to be simultaneous with
 * @throws TandemError reasons 'bad-budget', 'bad-schedule'
 */
export function runSpec(prompt: vscode.Uri, tune: TuneChoice, way: Partial<Way> = {}): RunSpec {
  // A program is optimized by its blocks, whatever is set for prompts.
  const set = isProgramPath(prompt.fsPath) ? 'default' : setting<CoordinatorName | 'default'>(settingIds.coordinator, prompt);
  const coordinator = way.coordinator ?? set;
  const strategy = setting<RunSpec['strategy'] | 'default'>(settingIds.strategy, prompt);
  return {
    ...runDefaults,
    ...sessionSpec(prompt),
    ...(way.rows !== undefined && { rows: rowLimits(way.rows) }),
    ...(way.model !== undefined && { model: way.model }),
    budget: parseBudget(way.budget ?? setting(settingIds.budget, prompt)),
    schedule: parseSchedule(setting(settingIds.schedule, prompt)),
    tune,
    // With the weights alone there is nothing to be simultaneous with.
    ...(coordinator !== 'default' && !(coordinator === 'simultaneous' && tune === 'weights') && { coordinator }),
    curriculum: way.curriculum ?? setting(settingIds.curriculum, prompt),
    pacing: way.pacing ?? setting(settingIds.pacing, prompt),
    warmStart: way.warmStart ?? setting(settingIds.warmStart, prompt),
    ...(strategy && strategy !== 'default' && { strategy }),
    keepRuns: setting<number>(settingIds.keepRuns, prompt),
    ...(setting<boolean>(settingIds.controls, prompt) && { controls: true }),
    ...((way.adapters ?? setting<AdapterChoice>(settingIds.adapters, prompt)) === 'per-step' && { adapters: 'per-step' }),
  };
}
