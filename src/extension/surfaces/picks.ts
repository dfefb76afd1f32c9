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

export interface Step {
  readonly placeHolder: string;
  /** The first is chosen by Enter. */
  readonly items: readonly StepItem[];
}

export interface StepItem extends PickItem<string> {
  /** The answer is written instead, and its check says what is wrong with it so far. */
  readonly write?: { readonly prompt: string; readonly check: (text: string) => string | undefined };
}

/**
 * Asks until there is no further step, with the number of the step and a way back, as the editor's own lists have it.
 * @param stepsOf all steps, given the answers so far; the first steps are those already answered
 * @returns one answer per step; undefined if the user cancelled
 */
export async function pickSteps(title: string, stepsOf: (answers: readonly string[]) => readonly Step[]): Promise<string[] | undefined> {
  let answers: string[] = [];
  for (;;) {
    const steps = stepsOf(answers);
    if (answers.length >= steps.length) return answers;
    const counted = steps.length > 1 && { step: answers.length + 1, totalSteps: steps.length };
    const answer = await pickStep(steps[answers.length], { title: unmarked(title), ...counted }, answers.length > 0);
    if (!answer) return undefined;
    answers = answer === 'back' ? answers.slice(0, -1) : [...answers, answer.value];
  }
}

/** What the list and the box of a step both show. */
type Head = Pick<vscode.QuickInput, 'title'> & Partial<Pick<vscode.QuickInput, 'step' | 'totalSteps'>>;
type Answered<T> = { readonly value: T } | 'back' | undefined;

/** From the box, back leads to the list again. */
async function pickStep({ placeHolder, items }: Step, head: Head, canGoBack: boolean): Promise<Answered<string>> {
  for (;;) {
    const list = vscode.window.createQuickPick<ReturnType<typeof asShown<StepItem>>>();
    const shown = items.map((item) => asShown({ ...item, value: item }));
    Object.assign(list, { ...head, placeholder: unmarked(placeHolder), items: shown });
    const chosen = await answered(list, canGoBack, () => list.activeItems.at(0)?.value);
    if (!chosen || chosen === 'back') return chosen;
    const { write, value } = chosen.value;
    if (!write) return { value };
    const box = vscode.window.createInputBox();
    Object.assign(box, { ...head, prompt: unmarked(write.prompt) });
    box.onDidChangeValue((text) => (box.validationMessage = problemOf(write.check(text))));
    const written = await answered(box, true, () => (write.check(box.value) === undefined ? box.value.trim() : undefined));
    if (written !== 'back') return written;
  }
}

const problemOf = (message: string | undefined): string | undefined => message && unmarked(message);

/** @param answerNow what Enter answers; undefined where it does nothing */
async function answered<T>(
  input: vscode.QuickPick<vscode.QuickPickItem> | vscode.InputBox,
  canGoBack: boolean,
  answerNow: () => T | undefined,
): Promise<Answered<T>> {
  if (canGoBack) input.buttons = [vscode.QuickInputButtons.Back];
  try {
    return await new Promise((resolve) => {
      input.onDidTriggerButton(() => resolve('back'));
      input.onDidAccept(() => {
        const value = answerNow();
        if (value !== undefined) resolve({ value });
      });
      input.onDidHide(() => resolve(undefined));
      input.show();
    });
  } finally {
    input.dispose();
  }
}

const asShown = <T>({ label, description, detail, alwaysShow, value }: PickItem<T>): vscode.QuickPickItem & { readonly value: T } => ({
  label,
  ...(description !== undefined && { description: unmarked(description) }),
  ...(detail !== undefined && { detail: unmarked(detail) }),
  ...(alwaysShow && { alwaysShow }),
  value,
});
