/** @file Choosing for one run how long it takes, what it tunes, on how many rows and for which model, and how. The settings say it for all. */
import { basename, dirname } from 'node:path';
import type * as vscode from 'vscode';
import { isProgramPath } from '../prompt/kinds/table.ts';
import { parsePromptFile } from '../prompt/readPrompt.ts';
import { stepsOf } from '../prompt/prompt.ts';
import { openPrompt } from '../run/openPrompt.ts';
import { workspaceOf } from '../run/record/tandemFolder.ts';
import type { CoordinatorName } from '../run/spec.ts';
import { knownModels } from './chooseModel.ts';
import { answersOf, wayOf, wayQuestions, type Way, type WayFacts } from './core/ways.ts';
import { settingIds } from './ids.ts';
import { setting } from './settings.ts';
import { pickSteps } from './surfaces/picks.ts';

/** @returns undefined if the user cancelled @throws TandemError what is wrong with the prompt file */
export async function pickWay(document: vscode.TextDocument): Promise<Partial<Way> | undefined> {
  const facts = await wayFacts(document);
  const answers = await pickSteps(`Optimize ${basename(document.uri.fsPath)} With…`, (given) =>
    wayQuestions(facts, answersOf(facts, given)).map(({ placeHolder, choices }) => ({ placeHolder, items: choices })),
  );
  return answers && wayOf(answersOf(facts, answers));
}

async function wayFacts(document: vscode.TextDocument): Promise<WayFacts> {
  const { uri } = document;
  const source = document.getText();
  // What a prompt file does not say yet is asked later; a program says it or is wrong.
  const file = isProgramPath(uri.fsPath) ? openPrompt(uri.fsPath, { source }).file : parsePromptFile(uri.fsPath, source);
  const { model, adapter } = file.settings;
  const isProgram = stepsOf(file.prompt).length > 1;
  const coordinator = setting<CoordinatorName | 'default'>(settingIds.coordinator, uri);
  return {
    set: {
      budget: setting(settingIds.budget, uri),
      tune: 'both',
      rows: setting(settingIds.rows, uri),
      model,
      coordinator: coordinator === 'default' ? (isProgram ? 'coordinate' : 'alternating') : coordinator,
      curriculum: setting(settingIds.curriculum, uri),
      pacing: setting(settingIds.pacing, uri),
      warmStart: setting(settingIds.warmStart, uri),
      adapters: setting(settingIds.adapters, uri),
    },
    isProgram,
    models: adapter ? [] : await knownModels(),
    starts: isProgram ? [] : await startsFor(uri.fsPath, model),
  };
}

/** None where the model is not here yet: whether it brings a start is known when it is. */
async function startsFor(prompt: string, model: string): Promise<WayFacts['starts']> {
  const { locateModel } = await import('../model/sources/table.ts');
  const source = await locateModel(model, { cwd: dirname(prompt), download: false }).catch(() => undefined);
  if (source === undefined) return [];
  const { learnedStarts } = await import('../run/warmStarts.ts');
  return learnedStarts(workspaceOf(prompt), source).map(({ folder, name, record }) => ({ folder, name, tasks: record.tasks.length }));
}
