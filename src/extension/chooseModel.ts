/** @file Choosing a model: for a prompt file among those that are here and can be fetched, or to add one to this machine. */
import { relative, sep } from 'node:path';
import * as vscode from 'vscode';
import { pathFrom } from './core/answers.ts';
import { modelRow } from './core/rows.ts';
import { label } from './core/unmarked.ts';
import { modelStore } from './models.ts';
import { askText, pick, type PickItem } from './surfaces/picks.ts';

/** @returns what to write as `model:`; undefined if the user cancelled */
export async function pickModel(prompt: vscode.Uri, title: string): Promise<string | undefined> {
  const chosen = await choose(title, 'The model for this prompt', modelItems('installed'));
  return chosen instanceof vscode.Uri ? writtenPath(prompt, chosen) : chosen;
}

/** @returns what to add: a name, an id or a path; undefined if the user cancelled */
export async function pickNewModel(): Promise<string | undefined> {
  const chosen = await choose('Add a Model', 'Downloaded to this machine once, for all prompts', modelItems('new'));
  return chosen instanceof vscode.Uri ? chosen.fsPath : chosen;
}

/** @returns the name of an installed model that can be removed */
export async function pickInstalledModel(title: string): Promise<string | undefined> {
  const items = (await installedModels()).filter(({ removable }) => removable);
  return pick(
    items.map(({ name, about }) => ({ label: label`${name}`, description: about, value: name })),
    { title, placeHolder: 'The installed model to remove' },
  );
}

type ModelItem = PickItem<{ readonly model: string } | { readonly browse: 'folder' | 'file' } | { readonly ask: 'id' }>;

async function choose(title: string, placeHolder: string, items: Promise<ModelItem[]>): Promise<string | vscode.Uri | undefined> {
  const picked = await pick(items, { title, placeHolder, matchOnDescription: true });
  if (!picked) return undefined;
  if ('model' in picked) return picked.model;
  if ('ask' in picked) {
    const validateInput = (text: string): string | undefined => (/^[\w.-]+\/[\w.-]+$/.test(text.trim()) ? undefined : 'Enter owner/name.');
    return (await askText(title, 'Hugging Face id: owner/name', validateInput))?.trim();
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
  const installed = (await installedModels()).map(({ name, about }) => ({ name, about, installed: true }));
  return [
    ...installed,
    ...Object.entries(shortNames)
      .filter(([short]) => !installed.some(({ name }) => name === short))
      .map(([name, { hub }]) => ({ name, about: `downloaded from ${hub} when it is first used`, installed: false })),
  ];
}

/** @param which with those that are installed, or only what is new */
async function modelItems(which: 'installed' | 'new'): Promise<ModelItem[]> {
  return [
    ...(await knownModels())
      .filter(({ installed }) => which === 'installed' || !installed)
      .map(({ name, about, installed }) => ({
        label: installed ? label`${name}` : label`$(cloud-download) ${name}`,
        description: about,
        value: { model: name },
      })),
    ...(which === 'new'
      ? [
          {
            label: label`$(globe) From Hugging Face…`,
            description: 'by id: owner/name',
            alwaysShow: true,
            value: { ask: 'id' },
          } as const,
        ]
      : []),
    {
      label: label`$(folder-opened) A folder…`,
      description: 'with config.json and safetensors',
      alwaysShow: true,
      value: { browse: 'folder' },
    },
    { label: label`$(file) A GGUF file…`, alwaysShow: true, value: { browse: 'file' } },
  ];
}

async function installedModels(): Promise<{ readonly name: string; readonly about: string; readonly removable: boolean }[]> {
  const { listModels } = await modelStore();
  return (await listModels()).map((model) => {
    const { description, can } = modelRow(model);
    return { name: model.name, about: description, removable: can.includes('beRemoved') };
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
