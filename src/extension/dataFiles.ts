/** @file The data files of the workspace. */
import * as vscode from 'vscode';
import { pathFrom, rankFiles } from './core/answers.ts';

export const dataExtensions = ['jsonl', 'ndjson', 'csv', 'tsv'] as const;
export const dataPattern = `**/*.{${dataExtensions.join(',')}}`;

/** As this prompt file would name them, the closest first. */
export async function dataFilesNear(prompt: vscode.Uri): Promise<string[]> {
  const found = await vscode.workspace.findFiles(dataPattern, '**/{node_modules,.tandem}/**', 200);
  const ranked = rankFiles(
    found.map(({ path }) => path),
    prompt.path,
  );
  return ranked.map((path) => pathFrom(prompt.fsPath, vscode.Uri.file(path).fsPath));
}
