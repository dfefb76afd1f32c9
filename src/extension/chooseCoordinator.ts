/** @file Choosing the way of optimizing for one run; the setting says it for all. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { coordinators, type CoordinatorName } from '../run/spec.ts';
import { settingIds } from './ids.ts';
import { setting } from './settings.ts';

const about: Readonly<Record<CoordinatorName, { readonly label: string; readonly detail: string }>> = {
  alternating: { label: '$(arrow-swap) Alternating', detail: 'By turns: prompts are proposed and raced, then the weights are trained' },
  coordinate: {
    label: '$(layers) Coordinate descent',
    detail: 'One block at a time: decoding, the adapter, the instruction or the demonstrations, whichever gains most',
  },
  simultaneous: {
    label: '$(combine) Simultaneous',
    detail: 'At once: one backward pass moves a soft prompt and the weights; then it is read back as text',
  },
};

/** @returns undefined where the user went away */
export async function pickCoordinator(prompt: vscode.Uri): Promise<CoordinatorName | undefined> {
  const set = setting<CoordinatorName>(settingIds.coordinator, prompt);
  const items = coordinators.map((coordinator) => ({
    ...about[coordinator],
    ...(coordinator === set && { description: 'as set' }),
    coordinator,
  }));
  const title = `Optimize ${basename(prompt.fsPath)} With…`;
  return (await vscode.window.showQuickPick(items, { title, placeHolder: 'The way of optimizing prompt and weights together' }))
    ?.coordinator;
}
