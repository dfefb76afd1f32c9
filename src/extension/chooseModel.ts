/** @file Choosing a model: for a prompt file among those that are here and can be fetched, or to add one to this machine. */
import { relative, sep } from 'node:path';
import * as vscode from 'vscode';
import { pathFrom } from './core/answers.ts';
import { modelRow } from './core/rows.ts';
import { modelStore } from './models.ts';

/** @returns what to write as `model:`; undefined where the user went away */
export async function pickModel(prompt: vscode.Uri, title: string): Promise<string | undefined> {
  const chosen = await choose(title, 'The model that reads this prompt', modelItems('installed'));
  return chosen instanceof vscode.Uri ? writtenPath(prompt, chosen) : chosen;
}

/** @returns what to add: a name, an id or a path; undefined where the user went away */
export async function pickNewModel(): Promise<string | undefined> {
  const chosen = await choose('Add a Model', 'Fetched to this machine once, for all prompts', modelItems('new'));
  return chosen instanceof vscode.Uri ? chosen.fsPath : chosen;
}

/** @returns the name of an installed model that can be removed */
export async function pickInstalledModel(title: string): Promise<string | undefined> {
  const items = (await installedItems()).filter(({ removable }) => removable);
  return (await vscode.window.showQuickPick(items, { title, placeHolder: 'An installed model' }))?.model;
}

type ModelItem = vscode.QuickPickItem & ({ readonly model: string } | { readonly browse: 'folder' | 'file' } | { readonly ask: 'id' });

async function choose(title: string, placeHolder: string, items: Promise<ModelItem[]>): Promise<string | vscode.Uri | undefined> {
  const picked = await vscode.window.showQuickPick(items, { title, placeHolder, matchOnDescription: true });
  if (!picked) return undefined;
  if ('model' in picked) return picked.model;
  if ('ask' in picked) {
    const validateInput = (text: string): string | undefined => (/^[\w.-]+\/[\w.-]+$/.test(text.trim()) ? undefined : 'Write owner/name.');
    return (await vscode.window.showInputBox({ title, prompt: 'An id on Hugging Face: owner/name', validateInput }))?.trim();
  }
  const chosen = await vscode.window.showOpenDialog({
    title,
    ...(picked.browse === 'folder' ? { canSelectFolders: true, canSelectFiles: false } : { filters: { 'GGUF models': ['gguf'] } }),
  });
  return chosen?.[0];
}

export interface KnownModel {
  readonly name: string;
  /** Its size and source, or that it is downloaded. */
  readonly about: string;
  readonly installed: boolean;
}

/** Those on this machine, then those that are downloaded by name. */
export async function knownModels(): Promise<KnownModel[]> {
  const { shortNames } = await modelStore();
  const installed = (await installedItems()).map(({ model, description = '' }) => ({ name: model, about: description, installed: true }));
  return [
    ...installed,
    ...Object.entries(shortNames)
      .filter(([short]) => !installed.some(({ name }) => name === short))
      .map(([name, { hub }]) => ({ name, about: `downloaded when it is first used, from ${hub}`, installed: false })),
  ];
}

/** @param which with those that are installed, or only what is new */
async function modelItems(which: 'installed' | 'new'): Promise<ModelItem[]> {
  return [
    ...(await knownModels())
      .filter(({ installed }) => which === 'installed' || !installed)
      .map(({ name, about, installed }) => ({ label: installed ? name : `$(cloud-download) ${name}`, description: about, model: name })),
    ...(which === 'new'
      ? [{ label: '$(globe) From Hugging Face…', description: 'by its id, owner/name', alwaysShow: true, ask: 'id' } as const]
      : []),
    { label: '$(folder-opened) A folder…', description: 'with config.json and safetensors', alwaysShow: true, browse: 'folder' },
    { label: '$(file) A GGUF file…', alwaysShow: true, browse: 'file' },
  ];
}

async function installedItems(): Promise<(vscode.QuickPickItem & { readonly model: string; readonly removable: boolean })[]> {
  const { listModels } = await modelStore();
  return (await listModels()).map((model) => {
    const { label, description, can } = modelRow(model);
    return { label, description, model: model.name, removable: can.includes('beRemoved') };
  });
}

/** Within the workspace relative to the prompt file, elsewhere as it is. */
function writtenPath(prompt: vscode.Uri, chosen: vscode.Uri): string {
  const folder = vscode.workspace.getWorkspaceFolder(prompt);
  const within = folder && !relative(folder.uri.fsPath, chosen.fsPath).startsWith('..');
  if (!within) return chosen.fsPath.split(sep).join('/');
  const path = pathFrom(prompt.fsPath, chosen.fsPath);
  return path.startsWith('.') ? path : `./${path}`;
}
