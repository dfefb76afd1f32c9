/** @file A first prompt file for data that has none, as `tandem init` writes it. */
import { basename, dirname, extname, join } from 'node:path';
import * as vscode from 'vscode';
import { firstPrompt } from '../data/firstPrompt.ts';
import { dataEndings } from '../data/dataEndings.ts';
import { readDataset } from '../data/readDataset.ts';
import { beginnableEndings } from '../prompt/kinds/table.ts';
import { TandemError } from '../errors.ts';
import { portable } from '../run/record/runDirectory.ts';
import { aboutData } from './core/aboutData.ts';
import { label } from './core/unmarked.ts';
import { findDataFiles } from './dataFiles.ts';
import { pick, type PickItem } from './surfaces/picks.ts';

/** @param target the data file, where a menu names one; else it is picked. @returns the new file's text, in an editor; undefined if the user cancelled */
export async function newPrompt(target: unknown): Promise<vscode.TextDocument | undefined> {
  const data = target instanceof vscode.Uri ? target : await pickData();
  if (!data) return undefined;
  const folder = vscode.workspace.getWorkspaceFolder(data)?.uri.fsPath ?? dirname(data.fsPath);
  const file = vscode.Uri.file(join(folder, `${basename(data.fsPath, extname(data.fsPath))}${beginnableEndings()[0]}`));
  const dataset = await readDataset(data.fsPath);
  const column = await pick(likeliestFirst(dataset.columns, firstPrompt(dataset, '').output), {
    title: `New Prompt from ${basename(data.fsPath)}`,
    placeHolder: 'The column to predict',
  });
  if (column === undefined) return undefined;
  const { text } = firstPrompt(dataset, portable(folder, data.fsPath), { output: column });
  const edit = new vscode.WorkspaceEdit();
  // Never over a file that is there.
  edit.createFile(file, { contents: new TextEncoder().encode(text) });
  if (!(await vscode.workspace.applyEdit(edit))) {
    throw new TandemError('file-exists', `The file ${basename(file.fsPath)} already exists. It was not changed.`, {
      where: { file: file.fsPath },
      hint: 'Rename it, or create another prompt file by hand.',
    });
  }
  const document = await vscode.workspace.openTextDocument(file);
  await vscode.window.showTextDocument(document);
  return document;
}

const likeliestFirst = (columns: readonly string[], likeliest: string): PickItem<string>[] => [
  { label: label`${likeliest}`, description: 'most likely', value: likeliest },
  ...columns.filter((name) => name !== likeliest).map((name) => ({ label: label`${name}`, value: name })),
];

async function pickData(): Promise<vscode.Uri | undefined> {
  const found = await findDataFiles();
  if (found.length === 0) {
    throw new TandemError('no-data', 'This workspace has no data file.', {
      hint: `Add a file of rows, in one of these formats: ${dataEndings.join(', ')}.`,
    });
  }
  const items = Promise.all(
    found.map(async (uri) => ({
      label: label`${vscode.workspace.asRelativePath(uri)}`,
      description: await aboutData(uri.fsPath),
      value: uri,
    })),
  );
  return pick(items, { title: 'New Prompt from Data', placeHolder: 'A file of rows with inputs and the right answers' });
}
