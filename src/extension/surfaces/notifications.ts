/** @file Notifications, dialogs, progress and the status bar: they show text only. ESLint refuses the editor's own functions elsewhere. */
import * as vscode from 'vscode';
import { unmarked, type Label } from '../core/unmarked.ts';

export interface NotifyOptions<T> {
  /** The titles of its buttons are this program's own. */
  readonly actions?: readonly T[];
  /** A dialog that has to be answered, with this below its text. */
  readonly modal?: { readonly detail: string };
}

/** @returns the button that was pressed */
export function notify<T extends string | vscode.MessageItem>(
  kind: Kind,
  text: string,
  { actions = [], modal }: NotifyOptions<T> = {},
): Thenable<T | undefined> {
  return shows[kind]<T>(unmarked(text), modal ? { modal: true, detail: unmarked(modal.detail) } : {}, ...actions);
}

type Kind = 'error' | 'warning' | 'information';
type Show = <T>(text: string, options: vscode.MessageOptions, ...actions: readonly T[]) => Thenable<T | undefined>;

const shows = {
  error: vscode.window.showErrorMessage,
  warning: vscode.window.showWarningMessage,
  information: vscode.window.showInformationMessage,
} as Readonly<Record<Kind, Show>>;

/** Tells how far it is, with the share of it that is done, 0 to 1, which never falls. */
export type TellProgress = (text: string, share?: number) => void;

/** A notification with a bar for as long as the work takes, and a way to give it up. */
export function withProgress<T>(
  title: string,
  work: (tell: TellProgress, cancelled: vscode.CancellationToken) => Thenable<T>,
): Thenable<T> {
  const options = { location: vscode.ProgressLocation.Notification, title: unmarked(title), cancellable: true };
  return vscode.window.withProgress(options, async (progress, cancelled) => {
    let shown = 0;
    return work((text, share = 0) => {
      progress.report({ message: unmarked(text), increment: Math.max(0, share * 100 - shown) });
      shown = Math.max(shown, share * 100);
    }, cancelled);
  });
}

/** A bar above a view for as long as the work takes. */
export const withProgressIn = (viewId: string, work: Promise<void>): Thenable<void> =>
  vscode.window.withProgress({ location: { viewId } }, () => work);

/** A moment in the status bar. */
export const flash = (text: string, milliseconds: number): vscode.Disposable =>
  vscode.window.setStatusBarMessage(unmarked(text), milliseconds);

export interface StatusItem extends vscode.Disposable {
  show(looks: { text: Label; tooltip: string; spoken: string; warns: boolean; command: string }): void;
  hide(): void;
}

export function makeStatusItem(id: string, name: string): StatusItem {
  const item = vscode.window.createStatusBarItem(id, vscode.StatusBarAlignment.Left, 10);
  item.name = name;
  return {
    show({ text, tooltip, spoken, warns, command }) {
      item.text = text;
      item.tooltip = unmarked(tooltip);
      item.accessibilityInformation = { label: unmarked(spoken) };
      item.backgroundColor = warns ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
      item.command = command;
      item.show();
    },
    hide: () => item.hide(),
    dispose: () => item.dispose(),
  };
}
