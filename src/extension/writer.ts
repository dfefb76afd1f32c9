/** @file The writer that the settings name, and the question whether training rows may be sent to it. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { TandemError } from '../errors.ts';
import { chooseWriter, destinationText, type ChosenWriter } from '../run/chooseWriter.ts';
import { parseWriterBudget, type RunSpec, type SessionSpec, type WriterChoice } from '../run/spec.ts';
import { workspaceOf } from '../run/record/tandemFolder.ts';
import { hasConsent, keepConsent } from '../run/writerConsent.ts';
import { consentDetail } from './core/writerQuestion.ts';
import { editorModel } from './editorModels.ts';
import { stayInFolder } from './folderOf.ts';
import { settingIds } from './ids.ts';
import type { Services } from './services.ts';
import { sessionSpec, setting } from './settings.ts';
import { flash, notify } from './surfaces/notifications.ts';

type Asked = Pick<RunSpec, 'writer' | 'writerBudget' | 'writerConsent'>;

/** @returns what a run is asked with; undefined if the user cancelled. @throws TandemError of settings and of servers */
export async function writerFor(prompt: vscode.Uri, services: Services): Promise<Asked | undefined> {
  const { choice, found } = await chosenWriter(prompt);
  if (found !== undefined) {
    services.log.info(found);
    if (!choice) flash(found, 8000);
  }
  if (!choice) return {};
  const agreed = await askConsent(sessionSpec(prompt), choice, services);
  if (agreed === undefined) return undefined;
  return agreed
    ? { writer: choice, writerBudget: parseWriterBudget(setting<string>(settingIds.writerBudget, prompt)), writerConsent: true }
    : {};
}

/**
 * Asks once for each workspace and host, in a dialog that shows what is sent.
 * @returns whether the user agreed; undefined if the user cancelled
 */
export async function askConsent(spec: SessionSpec, choice: WriterChoice, { rowLister }: Services): Promise<boolean | undefined> {
  stayInFolder(vscode.Uri.file(spec.prompt));
  const workspace = workspaceOf(spec.prompt);
  if (hasConsent(workspace, choice)) return true;
  const example = await rowLister.writerExample(spec);
  const [send, show, without] = ['Send', 'Show Full Request', 'Continue Without Writer'];
  for (;;) {
    const answer = await notify('warning', `Send training rows of ${basename(spec.prompt)} to ${destinationText(choice)}?`, {
      actions: [send, show, without],
      modal: { detail: consentDetail(example) },
    });
    if (answer === show) {
      const document = await vscode.workspace.openTextDocument({ content: example.text, language: 'plaintext' });
      await vscode.window.showTextDocument(document, { preview: true });
      continue;
    }
    if (answer === send) keepConsent(workspace, choice);
    return answer === undefined ? undefined : answer === send;
  }
}

async function chosenWriter(prompt: vscode.Uri): Promise<ChosenWriter> {
  const asked = setting<string>(settingIds.writer, prompt).trim() || 'none';
  const named = setting<string>(settingIds.writerModel, prompt).trim();
  const model = named === '' ? undefined : named;
  if (asked !== 'editor') {
    const folder = vscode.workspace.getWorkspaceFolder(prompt)?.uri.fsPath;
    return chooseWriter(asked, { ...(model !== undefined && { model }), ...(folder !== undefined && { cwd: folder }) });
  }
  const found = await editorModel(model);
  if (found) return { choice: { kind: 'editor', model: found.id } };
  const what = model === undefined ? 'no language model' : `no language model named ${model}`;
  throw new TandemError('bad-writer', `The setting ${settingIds.writer} is "editor", but the editor has ${what}.`, {
    hint: 'Sign in to an extension that provides language models, or set it to "none".',
  });
}
