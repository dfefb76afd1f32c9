/** @file Deciding on what a run proposes: the edit, and then the measurement of what has become of the prompt. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { TandemError } from '../../errors.ts';
import type { ListedRun } from '../../run/record/runList.ts';
import type { ReviewVerdict } from '../../run/verdicts.ts';
import { tellEnd, tellError } from '../messages.ts';
import type { Services } from '../services.ts';
import { sessionSpec } from '../settings.ts';
import { notify } from '../surfaces/notifications.ts';
import { folderOf } from '../folderOf.ts';

/** @param ids of the items; all that are undecided where absent. @throws TandemError reason 'untrusted-workspace', and those of `Reviews.decide` */
export async function decide(
  run: ListedRun,
  verdict: ReviewVerdict,
  ids: readonly string[] | undefined,
  services: Services,
): Promise<void> {
  if (!vscode.workspace.isTrusted) {
    throw new TandemError(
      'untrusted-workspace',
      'In Restricted Mode you cannot accept or reject what a run proposes. Trust the workspace first.',
    );
  }
  const unsaved = new Set(vscode.workspace.textDocuments.filter(({ isDirty }) => isDirty).map(({ uri }) => uri.toString()));
  const { ids: decided, documents } = await services.reviews.decide(run, verdict, ids);
  // The answer to the message is not waited for.
  if (verdict === 'reject' && decided.length > 1) void offerUndo(run, decided, services);
  // Edits of the user's own are theirs to save; the numbers then grey out until that is done and measured.
  const saved = await Promise.all(documents.map(async (document) => !unsaved.has(document.uri.toString()) && (await document.save())));
  if (saved.length > 0 && saved.every(Boolean)) void measureAgain(vscode.Uri.file(run.prompt), services);
}

/** A rejection edits no file, so the editor's own undo does not reach it. */
async function offerUndo(run: ListedRun, rejected: readonly string[], services: Services): Promise<void> {
  const undo = 'Undo';
  const message = `${basename(run.prompt)}: ${rejected.length} changes rejected.`;
  if ((await notify('information', message, { actions: [undo] })) !== undo) return;
  await decide(run, 'takeBack', rejected, services).catch((error: unknown) => tellError(error, services));
}

/** Measurements that were begun here, by prompt: the next one takes their place. */
const measuring = new Map<string, number>();

async function measureAgain(uri: vscode.Uri, services: Services): Promise<void> {
  const { engine } = services;
  const former = measuring.get(uri.fsPath);
  if (former !== undefined) engine.stop(former);
  const { id, finished } = engine.start(folderOf(uri), { kind: 'evaluate', prompt: uri.fsPath, spec: sessionSpec(uri), split: 'val' });
  measuring.set(uri.fsPath, id);
  const job = await finished;
  if (measuring.get(uri.fsPath) === id) measuring.delete(uri.fsPath);
  tellEnd(job, services);
}
