/** @file Try It: answers one row, typed or chosen from the data, with the prompt as it stands in the editor; the worker does it. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { describeError } from '../errors.ts';
import type { AnsweringWeights } from '../run/answerRow.ts';
import { splitWords, type Split } from '../run/spec.ts';
import { choosePrompt } from './choosePrompt.ts';
import type { Engine } from './core/engine.ts';
import type { Job } from './core/job.ts';
import { measuredFile } from './core/measuredFile.ts';
import { mostListed } from './core/rowTests.ts';
import { columnsToFill, sideOf } from './core/tries.ts';
import { label, unmarked } from './core/unmarked.ts';
import { commandIds } from './ids.ts';
import { tellError } from './messages.ts';
import { allowanceOf, isTunable, textNow, textsNow } from './prompts.ts';
import type { Services } from './services.ts';
import { sessionSpec } from './settings.ts';
import { pick } from './surfaces/picks.ts';
import type { RowToTry, Side, TriedPrompt, TriedSides, TryItFromPage, TryItToPage } from './tryItMessages.ts';
import { registerOnePage } from './webviewPage.ts';
import { folderOf } from './folderOf.ts';

/** A row of the data, as the command is given it. */
export interface RowPlace {
  readonly split: Split;
  /** 1-based line in the data file. */
  readonly line: number;
}

export function registerTryIt(context: vscode.ExtensionContext, services: Services): vscode.Disposable {
  const { engine, models, prompts, rowLister, sidePanels, log } = services;
  /** Path of the prompt file that is shown. */
  let shown: string | undefined;
  /** What a page that is shown again is told. */
  let row: RowToTry | undefined;
  let tried: Tried | undefined;

  const page = registerOnePage<TryItToPage, TryItFromPage>(context, sidePanels, {
    viewType: 'tandem.tryIt',
    page: 'tryIt',
    hear: (message) => void hear(message).catch((error: unknown) => tellError(error, services)),
    onClose: () => (shown = row = tried = undefined),
  });
  const open = (prompt: string): void => {
    if (!isTunable(vscode.Uri.file(prompt))) return;
    if (prompt !== shown) row = tried = undefined;
    shown = prompt;
    page.setTitle(titleOf(prompt));
    void sendPrompt(prompt);
    if (row) page.post(row);
    if (tried) page.post(sidesOf(tried));
  };
  const sendPrompt = async (prompt: string): Promise<void> => {
    const found = await aboutPrompt(prompt, services).catch((error: unknown) => log.warn(describeError(error)));
    if (found && prompt === shown) page.post(found);
    if (tried) page.post(sidesOf(tried));
  };
  const chooseRow = async (prompt: string, place?: RowPlace): Promise<void> => {
    const uri = vscode.Uri.file(prompt);
    const lines = place && [place.line];
    const lists = await rowLister.list(sessionSpec(uri), { ...textsNow(prompt), most: mostListed, values: true, ...(lines && { lines }) });
    const items = lists
      .filter(({ split }) => split === (place?.split ?? 'val'))
      .flatMap(({ split, rows }) =>
        rows.map((each) => ({ label: label`${each.text}`, description: `line ${each.line}`, value: { split, ...each } })),
      );
    const title = `Choose a Row for ${basename(prompt)}`;
    const chosen = place ? items.at(0)?.value : await pick(items, { title, placeHolder: 'Validation rows', matchOnDescription: true });
    if (!chosen || prompt !== shown) return;
    const { split, line, values = {}, gold } = chosen;
    row = {
      type: 'row',
      prompt,
      values,
      from: `${split === 'val' ? 'Validation' : 'Held-out test'} row in line ${line}`,
      ...(gold !== undefined && { gold }),
    };
    tried = undefined;
    page.post(row);
  };
  const hear = async (message: TryItFromPage): Promise<void> => {
    if (message.type === 'ready') {
      const prompt = shown ?? message.prompt;
      if (prompt !== undefined) open(prompt);
      return;
    }
    // The page only hands back what it was given.
    if (message.prompt !== shown) return;
    switch (message.type) {
      case 'chooseRow':
        await chooseRow(shown);
        return;
      case 'openPrompt':
        await vscode.window.showTextDocument(vscode.Uri.file(shown), { viewColumn: vscode.ViewColumn.One });
        return;
      case 'stop':
        for (const { job } of tried?.sides ?? []) engine.stop(job.id);
        return;
      case 'try': {
        const { prompt, values, beside } = message;
        // Only what is installed: a name from elsewhere would be downloaded.
        const other = beside.kind === 'model' ? (await models.list()).find(({ name }) => name === beside.model)?.name : undefined;
        tried = startTry(prompt, values, { adapter: beside.kind === 'adapter', other }, engine);
        page.post(sidesOf(tried));
      }
    }
  };
  const follow = (job: Job): void => {
    if (!tried?.sides.some((side) => side.job.id === job.id)) return;
    tried = { ...tried, sides: tried.sides.map((side) => (side.job.id === job.id ? { ...side, job } : side)) };
    page.post(sidesOf(tried));
  };
  return vscode.Disposable.from(
    page,
    engine.onDidChange(follow),
    prompts.onDidChange(() => shown !== undefined && page.isOpen() && void sendPrompt(shown)),
    models.onDidChange(() => shown !== undefined && page.isOpen() && void sendPrompt(shown)),
    vscode.commands.registerCommand(commandIds.tryIt, async (target?: unknown, place?: unknown) => {
      try {
        const document = await choosePrompt(target, services);
        if (!document) return;
        page.show(titleOf(document.uri.fsPath), 'focus');
        open(document.uri.fsPath);
        if (isRowPlace(place)) await chooseRow(document.uri.fsPath, place);
      } catch (error) {
        tellError(error, services);
      }
    }),
  );
}

const titleOf = (prompt: string): string => unmarked(`Try It: ${basename(prompt)}`);

const isRowPlace = (place: unknown): place is RowPlace =>
  typeof place === 'object' && place !== null && 'line' in place && 'split' in place && String(place.split) in splitWords;

/** Answers that were asked for together. */
interface Tried {
  readonly prompt: string;
  /** The text that was tried. */
  readonly text: string;
  readonly sides: readonly { readonly title: string; readonly weights: AnsweringWeights; readonly job: Job }[];
}

function sidesOf({ prompt, text, sides }: Tried): TriedSides {
  const shown = sides.map(({ title, weights, job }): Side => sideOf(title, weights, job, Date.now()));
  return { type: 'sides', prompt, sides: shown, stale: text !== triedText(prompt) };
}

/** All texts that an answer depends on. */
const triedText = (prompt: string): string => {
  const { file, steps = [] } = measuredFile(prompt, textNow(prompt), undefined, textNow);
  return [file.text, ...steps.map(({ path }) => textNow(path))].join('\0');
};

async function aboutPrompt(prompt: string, { models }: Services): Promise<TriedPrompt> {
  const known = measuredFile(prompt, textNow(prompt), undefined, textNow);
  const { settings, problems } = known.file;
  const error = problems.find(({ severity }) => severity === 'error');
  const trust = allowanceOf(known) === 'nothing' ? 'Trust the workspace to try this prompt: it names a model or an adapter.' : undefined;
  const problem = trust ?? error?.message;
  const installed = (await models.list()).map(({ name }) => name);
  return {
    type: 'prompt',
    prompt,
    name: vscode.workspace.asRelativePath(prompt),
    columns: columnsToFill(known),
    ...(problem !== undefined && { problem }),
    ...(settings.adapter !== undefined && { adapter: basename(settings.adapter) }),
    models: installed.filter((name) => name !== settings.model),
  };
}

/** Starts the answers: of the model alone, and of what they are compared with. */
function startTry(
  prompt: string,
  values: Readonly<Record<string, string>>,
  beside: { readonly adapter: boolean; readonly other?: string },
  engine: Engine,
): Tried {
  const uri = vscode.Uri.file(prompt);
  const { settings } = measuredFile(prompt, textNow(prompt), undefined, textNow).file;
  const start = (weights: readonly AnsweringWeights[], model?: string): Job => {
    const spec = { ...sessionSpec(uri), ...(model !== undefined && { model }) };
    const { id } = engine.start(folderOf(uri), { kind: 'answer', prompt, spec, values, weights, ...textsNow(prompt) });
    return engine.jobs().find((job) => job.id === id)!;
  };
  const own = basename(settings.model);
  const withAdapter = beside.adapter && settings.adapter !== undefined;
  const job = start(withAdapter ? ['model', 'adapter'] : ['model']);
  return {
    prompt,
    text: triedText(prompt),
    sides: [
      { title: own, weights: 'model', job },
      ...(withAdapter ? [{ title: `${own} + adapter`, weights: 'adapter', job } as const] : []),
      ...(beside.other === undefined ? [] : [{ title: beside.other, weights: 'model', job: start(['model'], beside.other) } as const]),
    ],
  };
}
