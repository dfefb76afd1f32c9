/** @file Keeps the context keys, by which the manifest knows which commands can work now. */
import * as vscode from 'vscode';
import { contextKeys, type ContextKey } from './ids.ts';
import type { Services } from './services.ts';

export function registerContexts({ engine, runs, prompts, library }: Services): vscode.Disposable {
  const last = new Map<ContextKey, boolean>();
  const set = (key: ContextKey, value: boolean): void => {
    if (last.get(key) === value) return;
    last.set(key, value);
    void vscode.commands.executeCommand('setContext', key, value);
  };
  const update = (): void => {
    set(contextKeys.working, engine.jobs().length > 0);
    set(contextKeys.resumable, runs.resumable().length > 0);
    set(contextKeys.hasRuns, runs.list().length > 0);
    set(
      contextKeys.hasEndedRuns,
      runs.list().some(({ standing }) => standing === 'ended'),
    );
    set(contextKeys.hasAccepted, prompts.all().some((prompt) => runs.isAccepted(prompt)));
  };
  const updatePrompts = async (): Promise<void> => {
    const all = await library.list();
    set(contextKeys.hasPrompts, all.length > 0);
    set(
      contextKeys.hasResults,
      all.some(({ results }) => results !== undefined),
    );
  };
  const updateAll = (): void => {
    update();
    void updatePrompts();
  };
  updateAll();
  return vscode.Disposable.from(engine.onDidChange(update), runs.onDidChange(update), library.onDidChange(updateAll));
}
