/** @file Keeps the context keys, by which the manifest knows which commands can work now, and which steps of the walkthrough are done. */
import * as vscode from 'vscode';
import { describeError } from '../errors.ts';
import { contextKeys, type ContextKey, type walkthroughSteps } from './ids.ts';
import { proposedInFocus } from './review/cursor.ts';
import type { Services } from './services.ts';

export function registerContexts(services: Services): vscode.Disposable {
  const { engine, prompts, runs, reviews, library, log } = services;
  const last = new Map<ContextKey, boolean>();
  const set = (key: ContextKey, value: boolean): void => {
    if (last.get(key) === value) return;
    last.set(key, value);
    void vscode.commands.executeCommand('setContext', key, value);
  };
  const updateWork = (): void => {
    set(contextKeys.working, engine.jobs().length > 0);
    set(contextKeys.resumable, runs.resumable().length > 0);
  };
  const updateReviews = (): void => {
    set(
      contextKeys.reviewable,
      prompts.all().some(({ file }) => (reviews.latestFor(file.path)?.open ?? 0) > 0),
    );
  };
  const updateFocus = (): void => set(contextKeys.reviewing, proposedInFocus() !== undefined);
  const readFiles = async (): Promise<void> => {
    set(contextKeys.hasRuns, runs.list().length > 0);
    for (const [key, value] of Object.entries(await stepsDone(services))) set(key as ContextKey, value);
  };
  const updateFiles = (): void => {
    readFiles().catch((error: unknown) => log.warn(describeError(error)));
  };
  updateWork();
  updateReviews();
  updateFocus();
  updateFiles();
  return vscode.Disposable.from(
    engine.onDidChange(updateWork),
    runs.onDidChange(updateWork),
    runs.onDidChange(updateFiles),
    reviews.onDidChange(updateReviews),
    reviews.onDidChange(updateFiles),
    library.onDidChange(updateFiles),
    vscode.window.onDidChangeActiveTextEditor(updateFocus),
    vscode.window.tabGroups.onDidChangeTabs(updateFocus),
  );
}

/** What the steps of the walkthrough are done by. */
export async function stepsDone({ runs, reviews, prompts, library }: Services): Promise<Readonly<Record<StepKey, boolean>>> {
  const all = await library.list();
  return {
    [contextKeys.hasPrompts]: all.length > 0,
    [contextKeys.hasResults]: all.some(({ results }) => results !== undefined),
    [contextKeys.hasEndedRuns]: runs.list().some(({ standing }) => standing === 'ended'),
    [contextKeys.hasAccepted]: prompts.all().some((prompt) => reviews.isAccepted(prompt.file.path)),
  };
}

type StepKey = (typeof walkthroughSteps)[keyof typeof walkthroughSteps];
