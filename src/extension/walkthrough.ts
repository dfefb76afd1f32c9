/** @file The ways into the walkthrough: by itself in the first workspace with prompts, and beside the prompt of a copy of the sample workspace. */
import { existsSync } from 'node:fs';
import { cp, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import { describeError } from '../errors.ts';
import { label } from './core/unmarked.ts';
import { pick } from './surfaces/picks.ts';
import { stepsDone } from './contexts.ts';
import { commandIds, quietVariable, walkthroughId, walkthroughSteps } from './ids.ts';
import { tellError } from './messages.ts';
import { findPrompts } from './prompts.ts';
import type { Services } from './services.ts';

/** Under this key the folder that was opened last, until its window has been set up. */
const openedKey = 'openedSample';
const promptName = 'intent.prompt.md';
/** Under this key whether the walkthrough has been shown. */
const shownKey = 'walkthroughShown';

export function registerWalkthrough(context: vscode.ExtensionContext, services: Services): vscode.Disposable {
  const { globalState, extensionUri, extension, extensionMode } = context;
  const id = `${extension.id}#${walkthroughId}`;
  const warn = (error: unknown): void => services.log.warn(describeError(error));
  /** The editor ticks off a step that is completed while it knows the walkthrough, but not one that was completed before. */
  const tickOff = async (): Promise<void> => {
    const done = await stepsDone(services);
    for (const [step, key] of Object.entries(walkthroughSteps))
      if (done[key]) await vscode.commands.executeCommand('welcome.markStepComplete', `${id}#${step}`);
  };
  const showWalkthrough = async (): Promise<void> => {
    await globalState.update(shownKey, true);
    await vscode.commands.executeCommand('workbench.action.openWalkthrough', id);
    tickOff().catch(warn);
  };
  const openSample = async (parent?: unknown): Promise<void> => {
    const within = parent instanceof vscode.Uri ? parent : await pickParent();
    if (!within) return;
    try {
      const copy = await copySample(join(extensionUri.fsPath, 'examples', 'support'), within.fsPath);
      await globalState.update(openedKey, copy);
      await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(copy));
    } catch (error) {
      tellError(error, services);
    }
  };
  /** Once, in the first workspace with prompt files that the extension sees. */
  const welcome = async (): Promise<void> => {
    const isQuiet = process.env[quietVariable] === 'off' || extensionMode === vscode.ExtensionMode.Test;
    if (isQuiet || globalState.get(shownKey) || (await findPrompts()).length === 0) return;
    await showWalkthrough();
  };
  const setUp = async (): Promise<void> => {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    if (!folder || globalState.get(openedKey) !== folder.fsPath) return welcome();
    await globalState.update(openedKey, undefined);
    await showWalkthrough();
    await vscode.window.showTextDocument(vscode.Uri.joinPath(folder, promptName), { viewColumn: vscode.ViewColumn.Beside, preview: false });
  };
  setUp().catch(warn);
  return vscode.Disposable.from(
    vscode.commands.registerCommand(commandIds.openSample, openSample),
    vscode.commands.registerCommand(commandIds.openWalkthrough, showWalkthrough),
  );
}

/** The folder that the copy goes into. */
async function pickParent(): Promise<vscode.Uri | undefined> {
  const choose = {
    label: label`$(folder-opened) Choose a folder…`,
    description: 'copies the sample into a new folder there',
    value: 'choose',
  };
  const temporary = { label: label`$(clock) A temporary folder`, description: 'deleted when the system cleans up', value: 'temporary' };
  const title = 'Open Sample Workspace';
  const picked = await pick([choose, temporary], { title, placeHolder: 'Where to put the copy' });
  if (picked === temporary.value) return vscode.Uri.file(await mkdtemp(join(tmpdir(), 'tandem-sample-')));
  if (picked !== choose.value) return undefined;
  return (await vscode.window.showOpenDialog({ title, canSelectFolders: true, canSelectFiles: false, openLabel: 'Copy Here' }))?.[0];
}

/** @returns the copy's folder, under a name that was free */
async function copySample(sample: string, parent: string): Promise<string> {
  const nameOf = (number: number): string => join(parent, number === 1 ? 'tandem-sample' : `tandem-sample-${number}`);
  let number = 1;
  while (existsSync(nameOf(number))) number++;
  const filter = (file: string): boolean => !['.tandem', '.vscode', 'make.mjs'].includes(basename(file));
  await cp(sample, nameOf(number), { recursive: true, filter });
  return nameOf(number);
}
