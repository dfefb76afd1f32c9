/** @file Quick picks one after the other, with the number of the step and a way back, as the editor's own have it. */
import * as vscode from 'vscode';

export interface Step<T> {
  readonly placeHolder: string;
  /** The first is chosen by Enter. */
  readonly items: readonly (vscode.QuickPickItem & { readonly value: T })[];
}

/**
 * Asks until there is no further step.
 * @param stepsOf all steps, given the answers so far; the first so many of them are answered
 * @returns one answer a step; undefined where the user went away
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
  const pick = vscode.window.createQuickPick<Step<T>['items'][number]>();
  Object.assign(pick, { title, placeholder: step.placeHolder, items: step.items, ...(of > 1 && { step: place, totalSteps: of }) });
  if (place > 1) pick.buttons = [vscode.QuickInputButtons.Back];
  try {
    return await new Promise((resolve) => {
      pick.onDidTriggerButton(() => resolve('back'));
      pick.onDidAccept(() => pick.activeItems.length > 0 && resolve({ value: pick.activeItems[0].value }));
      pick.onDidHide(() => resolve(undefined));
      pick.show();
    });
  } finally {
    pick.dispose();
  }
}
