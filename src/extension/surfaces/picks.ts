/** @file Lists to pick from, and boxes to write in. What they show is text; what was picked is known by more than how it reads. */
import * as vscode from 'vscode';
import { unmarked, type Label } from '../core/unmarked.ts';

export interface PickItem<T> {
  readonly label: Label;
  readonly description?: string;
  readonly detail?: string;
  readonly alwaysShow?: boolean;
  readonly value: T;
}

export interface PickOptions {
  readonly title: string;
  readonly placeHolder?: string;
  readonly matchOnDescription?: boolean;
  readonly matchOnDetail?: boolean;
}

/** @returns the value of the item that was picked; undefined if the user cancelled */
export async function pick<T>(
  items: readonly PickItem<T>[] | Promise<readonly PickItem<T>[]>,
  { title, placeHolder, ...matching }: PickOptions,
): Promise<T | undefined> {
  const shown = Promise.resolve(items).then((all) => all.map(asShown));
  const texts = { title: unmarked(title), ...(placeHolder !== undefined && { placeHolder: unmarked(placeHolder) }) };
  return (await vscode.window.showQuickPick(shown, { ...texts, ...matching }))?.value;
}

/** @param check says what is wrong with what is written so far */
export const askText = (title: string, prompt: string, check: (text: string) => string | undefined): Thenable<string | undefined> =>
  vscode.window.showInputBox({ title: unmarked(title), prompt: unmarked(prompt), validateInput: check });

export interface Step<T> {
  readonly placeHolder: string;
  /** The first is chosen by Enter. */
  readonly items: readonly PickItem<T>[];
}

/**
 * Asks until there is no further step, with the number of the step and a way back, as the editor's own lists have it.
 * @param stepsOf all steps, given the answers so far; the first steps are those already answered
 * @returns one answer per step; undefined if the user cancelled
 */
export async function pickSteps<T>(title: string, stepsOf: (answers: readonly T[]) => readonly Step<T>[]): Promise<T[] | undefined> {
  let answers: T[] = [];
  for (;;) {
    const steps = stepsOf(answers);
    if (answers.length >= steps.length) return answers;
    const answer = await pickStep(title, steps[answers.length], answers.length + 1, steps.length);
    if (!answer) return undefined;
    answers = answer === 'back' ? answers.slice(0, -1) : [...answers, answer.value];
  }
}

async function pickStep<T>(title: string, step: Step<T>, place: number, of: number): Promise<{ readonly value: T } | 'back' | undefined> {
  const list = vscode.window.createQuickPick<vscode.QuickPickItem & { readonly value: T }>();
  const counted = of > 1 && { step: place, totalSteps: of };
  Object.assign(list, { title: unmarked(title), placeholder: unmarked(step.placeHolder), items: step.items.map(asShown), ...counted });
  if (place > 1) list.buttons = [vscode.QuickInputButtons.Back];
  try {
    return await new Promise((resolve) => {
      list.onDidTriggerButton(() => resolve('back'));
      list.onDidAccept(() => list.activeItems.length > 0 && resolve({ value: list.activeItems[0].value }));
      list.onDidHide(() => resolve(undefined));
      list.show();
    });
  } finally {
    list.dispose();
  }
}

const asShown = <T>({ label, description, detail, alwaysShow, value }: PickItem<T>): vscode.QuickPickItem & { readonly value: T } => ({
  label,
  ...(description !== undefined && { description: unmarked(description) }),
  ...(detail !== undefined && { detail: unmarked(detail) }),
  ...(alwaysShow && { alwaysShow }),
  value,
});
