/** @file What stands in and beside a text, in trees and in the Test Explorer: hovers, comments, lenses, problems, outlines, rows, tests. All of it is text. */
import * as vscode from 'vscode';
import type { Markdown } from '../../run/words/markdown.ts';
import { visible } from '../../plain.ts';
import { unmarked, type Label } from '../core/unmarked.ts';

/** Its links run nothing, and it has neither HTML nor icons. */
export const asMarkdownString = ({ markdown }: Markdown): vscode.MarkdownString => new vscode.MarkdownString(markdown);

/** A link of this program's own, apart from all text: it runs this command and no other. */
export function commandLink(title: string, command: string, ...args: readonly unknown[]): vscode.MarkdownString {
  const link = new vscode.MarkdownString(`[${title}](command:${command}?${encodeURIComponent(JSON.stringify(args))})`);
  link.isTrusted = { enabledCommands: [command] };
  return link;
}

/** @param what a text that does nothing has no command */
export function codeLens(
  range: vscode.Range,
  what: { readonly title: Label; readonly tooltip?: string; readonly command?: string; readonly arguments?: readonly unknown[] },
): vscode.CodeLens {
  const { title, tooltip, command = '', arguments: args } = what;
  return new vscode.CodeLens(range, {
    title,
    command,
    ...(tooltip !== undefined && { tooltip: unmarked(tooltip) }),
    ...(args && { arguments: [...args] }),
  });
}

export const quickFix = (title: string): vscode.CodeAction => new vscode.CodeAction(unmarked(title), vscode.CodeActionKind.QuickFix);

export function problem(range: vscode.Range, message: string, severity: vscode.DiagnosticSeverity): vscode.Diagnostic {
  const diagnostic = new vscode.Diagnostic(range, visible(message), severity);
  diagnostic.source = 'Tandem';
  return diagnostic;
}

/** A part of a text, in the outline. */
export const documentSymbol = (name: string, kind: vscode.SymbolKind, whole: vscode.Range, title: vscode.Range): vscode.DocumentSymbol =>
  new vscode.DocumentSymbol(unmarked(name), '', kind, whole, title);

export interface TreeRow extends Pick<vscode.TreeItem, 'id' | 'iconPath' | 'contextValue' | 'command'> {
  readonly label: string;
  readonly description: string;
  readonly tooltip: string;
}

export function treeItem({ label, description, tooltip, ...rest }: TreeRow): vscode.TreeItem {
  const texts = { label: unmarked(label), description: unmarked(description), tooltip: unmarked(tooltip) };
  return { ...rest, ...texts, accessibilityInformation: { label: `${texts.label}, ${texts.description}` } };
}

export const testItem = (controller: vscode.TestController, id: string, label: string, uri: vscode.Uri): vscode.TestItem =>
  controller.createTestItem(id, unmarked(label), uri);

export function relabel(item: vscode.TestItem, label: string): void {
  item.label = unmarked(label);
}

/** @param why it cannot be run; undefined where it can */
export function setTestError(item: vscode.TestItem, why: string | undefined): void {
  item.error = why === undefined ? undefined : visible(why);
}

/** The editor shows it in a terminal of its own. */
export const testMessage = (text: string, location?: vscode.Location): vscode.TestMessage =>
  Object.assign(new vscode.TestMessage(visible(text)), { location });

export const testDifference = (text: string, expected: string, actual: string, location: vscode.Location): vscode.TestMessage =>
  Object.assign(vscode.TestMessage.diff(visible(text), expected, actual), { location });

/** A terminal's line endings. */
export const sayInTest = (run: vscode.TestRun, lines: readonly string[], item: vscode.TestItem): void =>
  run.appendOutput(lines.map((line) => `${visible(line).replaceAll('\n', '\r\n')}\r\n`).join(''), undefined, item);
