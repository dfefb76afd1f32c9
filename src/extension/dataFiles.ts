/** @file The data files and the prompt files of the workspace, as a file there would name them. */
import * as vscode from 'vscode';
import { pathFrom, rankFiles } from './core/answers.ts';
import { promptPattern } from './ids.ts';

export const dataExtensions = ['jsonl', 'ndjson', 'csv', 'tsv'] as const;
export const dataPattern = `**/*.{${dataExtensions.join(',')}}`;

/** As this prompt file would name them, the closest first. */
export const dataFilesNear = (prompt: vscode.Uri): Promise<string[]> => filesNear(dataPattern, prompt);

/** As this program file would name them, the closest first. */
export const promptFilesNear = (program: vscode.Uri): Promise<string[]> => filesNear(promptPattern, program);

async function filesNear(pattern: string, prompt: vscode.Uri): Promise<string[]> {
  const found = await vscode.workspace.findFiles(pattern, '**/{node_modules,.tandem}/**', 200);
  const ranked = rankFiles(
    found.map(({ path }) => path),
    prompt.path,
  );
  return ranked.map((path) => pathFrom(prompt.fsPath, vscode.Uri.file(path).fsPath));
}
