/** @file The data files and the prompt files of the workspace, as a file there would name them. */
import * as vscode from 'vscode';
import { dataEndings } from '../data/dataEndings.ts';
import { patternOf } from '../prompt/kinds/table.ts';
import { pathFrom, rankFiles } from './core/answers.ts';

export const dataExtensions = dataEndings.map((ending) => ending.slice(1));
export const dataPattern = `**/*.{${dataExtensions.join(',')}}`;
/** Settings of tools are `.json` files too. */
const noData = '{**/node_modules/**,**/.*/**,**/package.json,**/package-lock.json,**/{ts,js}config*.json,**/*.schema.json}';

/** All that may be data. */
export const findDataFiles = async (): Promise<vscode.Uri[]> => vscode.workspace.findFiles(dataPattern, noData, 200);

/** As this prompt file would name them, the closest first. */
export const dataFilesNear = async (prompt: vscode.Uri): Promise<string[]> => ranked(await findDataFiles(), prompt);

/** As this program file would name them, the closest first. */
export const promptFilesNear = async (program: vscode.Uri): Promise<string[]> =>
  ranked(await vscode.workspace.findFiles(patternOf('prompt'), '**/{node_modules,.tandem}/**', 200), program);

function ranked(files: readonly vscode.Uri[], from: vscode.Uri): string[] {
  const paths = rankFiles(
    files.map(({ path }) => path),
    from.path,
  );
  return paths.map((path) => pathFrom(from.fsPath, vscode.Uri.file(path).fsPath));
}
