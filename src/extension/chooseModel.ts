/** @file Which model a prompt file runs on: those that are here, those that can be fetched, or a folder or file of the user's. */
import { relative, sep } from 'node:path';
import * as vscode from 'vscode';
import { bytes } from '../run/format.ts';
import { pathFrom } from './core/answers.ts';

/** @returns what to write as `model:`; undefined where the user went away */
export async function pickModel(prompt: vscode.Uri, title: string): Promise<string | undefined> {
  const items = modelItems();
  const picked = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: 'The model that reads this prompt',
    matchOnDescription: true,
  });
  if (!picked) return undefined;
  if ('model' in picked) return picked.model;
  const chosen = await vscode.window.showOpenDialog({
    title,
    ...(picked.browse === 'folder' ? { canSelectFolders: true, canSelectFiles: false } : { filters: { 'GGUF models': ['gguf'] } }),
  });
  return chosen?.[0] && writtenPath(prompt, chosen[0]);
}

export interface KnownModel {
  readonly name: string;
  /** Its size, or that it is downloaded. */
  readonly about: string;
  /** Where it is from. */
  readonly detail?: string;
  readonly installed: boolean;
}

/** Those on this machine, then those that are downloaded by name. */
export async function knownModels(): Promise<KnownModel[]> {
  // Loaded on demand: the store brings the hub's client along.
  const { listModels, shortNames } = await import('../model/store/store.ts');
  const installed = await listModels();
  return [
    ...installed.map(({ name, bytes: size, source }) => ({ name, about: size > 0 ? bytes(size) : '', detail: source, installed: true })),
    ...Object.entries(shortNames)
      .filter(([name]) => !installed.some((model) => model.name === name))
      .map(([name, { hub }]) => ({ name, about: `downloaded when it is first used, from ${hub}`, installed: false })),
  ];
}

type ModelItem = vscode.QuickPickItem & ({ readonly model: string } | { readonly browse: 'folder' | 'file' });

async function modelItems(): Promise<ModelItem[]> {
  return [
    ...(await knownModels()).map(({ name, about, detail, installed }) => ({
      label: installed ? name : `$(cloud-download) ${name}`,
      description: about,
      ...(detail !== undefined && { detail }),
      model: name,
    })),
    { label: '$(folder-opened) A folder…', description: 'with config.json and safetensors', alwaysShow: true, browse: 'folder' },
    { label: '$(file) A GGUF file…', alwaysShow: true, browse: 'file' },
  ];
}

/** Within the workspace relative to the prompt file, elsewhere as it is. */
function writtenPath(prompt: vscode.Uri, chosen: vscode.Uri): string {
  const folder = vscode.workspace.getWorkspaceFolder(prompt);
  const within = folder && !relative(folder.uri.fsPath, chosen.fsPath).startsWith('..');
  if (!within) return chosen.fsPath.split(sep).join('/');
  const path = pathFrom(prompt.fsPath, chosen.fsPath);
  return path.startsWith('.') ? path : `./${path}`;
}
