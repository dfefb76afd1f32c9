/** @file Keeps the context keys, by which the manifest knows which commands can work now. */
import * as vscode from 'vscode';
import { contextKeys, type ContextKey } from './ids.ts';
import type { Services } from './services.ts';

export function registerContexts({ engine, prompts, runs, reviews }: Services): vscode.Disposable {
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
      contextKeys.reviewable,
      prompts.all().some((prompt) => reviews.openFor(prompt)),
    );
  };
  update();
  return vscode.Disposable.from(engine.onDidChange(update), runs.onDidChange(update), reviews.onDidChange(update));
}
