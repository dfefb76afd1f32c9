/** @file The view of the answers: the rows of the latest evaluation of a prompt beside its editor, kept up to date while it is open. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { describeError } from '../errors.ts';
import { readAnswers, type Answers } from '../run/record/answers.ts';
import { dataFileOf } from '../run/measuredRows.ts';
import type { AnswersAction, AnswersFromPage, AnswersToPage } from './answersMessages.ts';
import { choosePrompt } from './choosePrompt.ts';
import { measuredFile } from './core/measuredFile.ts';
import { unmarked } from './core/unmarked.ts';
import { commandIds } from './ids.ts';
import { tellError } from './messages.ts';
import { isTunable, textNow } from './prompts.ts';
import type { Services } from './services.ts';
import { registerOnePage } from './webviewPage.ts';

export function registerAnswers(context: vscode.ExtensionContext, services: Services): vscode.Disposable {
  const { engine, prompts, sidePanels } = services;
  let shown: Shown | undefined;
  /** Counts readings: what comes of an earlier one is out of date. */
  let reading = 0;

  const page = registerOnePage<AnswersToPage, AnswersFromPage>(context, sidePanels, {
    viewType: 'tandem.answers',
    page: 'answers',
    hear(message) {
      if (message.type !== 'ready') void act(message, shown).catch((error: unknown) => tellError(error, services));
      else if (shown ?? message.prompt) open(shown?.prompt ?? message.prompt!);
    },
    onClose: () => (shown = undefined),
  });
  const open = (prompt: string): void => {
    if (!isTunable(vscode.Uri.file(prompt))) return;
    shown = { prompt };
    page.setTitle(titleOf(prompt));
    void send(prompt);
  };
  const send = async (prompt: string): Promise<void> => {
    const mine = ++reading;
    const name = vscode.workspace.asRelativePath(prompt);
    const found = await readAnswers(prompt).catch((error: unknown) => describeError(error));
    if (mine !== reading || shown?.prompt !== prompt) return;
    if (found === undefined || typeof found === 'string') {
      page.post({ type: 'none', prompt, name, message: found ?? 'Evaluate the prompt to see how each row is answered.' });
      return;
    }
    const stale = isStale(prompt, found);
    shown = { prompt, answers: found, stale };
    page.post({ type: 'answers', prompt, name, answers: found, stale });
  };
  const heedText = (): void => {
    if (!shown?.answers) return;
    const stale = isStale(shown.prompt, shown.answers);
    if (stale === shown.stale) return;
    shown = { ...shown, stale };
    page.post({ type: 'stale', prompt: shown.prompt, stale });
  };
  return vscode.Disposable.from(
    page,
    vscode.commands.registerCommand(commandIds.showAnswers, async (target?: unknown) => {
      try {
        const document = await choosePrompt(target, services);
        if (!document) return;
        const { fsPath } = document.uri;
        page.show(titleOf(fsPath));
        open(fsPath);
      } catch (error) {
        tellError(error, services);
      }
    }),
    // The answers are written before the numbers.
    prompts.onDidRefresh(() => shown && void send(shown.prompt)),
    engine.onDidChange(({ status, measured, task }) => {
      if (status === 'done' && measured && task.prompt === shown?.prompt) void send(shown.prompt);
    }),
    prompts.onDidChange(heedText),
    prompts.onDidClose(heedText),
  );
}

interface Shown {
  /** Path of the prompt file. */
  readonly prompt: string;
  readonly answers?: Answers;
  readonly stale?: boolean;
}

const titleOf = (prompt: string): string => unmarked(`Answers: ${basename(prompt)}`);

/** Whether the text is another one by now; a program is as its steps are. */
function isStale(prompt: string, { textHash }: Answers): boolean {
  try {
    return measuredFile(prompt, textNow(prompt), { version: 2, textHash }, textNow).stale;
  } catch {
    // The file is gone.
    return true;
  }
}

async function act(action: AnswersAction, shown: Shown | undefined): Promise<void> {
  // The page only hands back what it was given.
  if (action.prompt !== shown?.prompt) return;
  const uri = vscode.Uri.file(shown.prompt);
  switch (action.type) {
    case 'openPrompt':
      await vscode.window.showTextDocument(uri, { viewColumn: vscode.ViewColumn.One });
      return;
    case 'evaluate':
      await vscode.commands.executeCommand(commandIds.evaluate, uri);
      return;
    case 'openRow': {
      const place = new vscode.Position(action.line - 1, 0);
      const file = vscode.Uri.file(dataFileOf(measuredFile(shown.prompt, textNow(shown.prompt), undefined, textNow).file, splitOf(shown)));
      await vscode.window.showTextDocument(file, { viewColumn: vscode.ViewColumn.One, selection: new vscode.Range(place, place) });
      return;
    }
    case 'tryRow':
      await vscode.commands.executeCommand(commandIds.tryIt, uri, { split: splitOf(shown), line: action.line });
  }
}

const splitOf = ({ answers }: Shown): 'val' | 'test' => answers?.evaluation.split ?? 'val';
