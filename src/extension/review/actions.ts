/** @file Deciding on what a run proposes: the edit, and then the measurement of what has become of the prompt. */
import { TandemError } from '../../errors.ts';
import type { ListedRun } from '../../run/record/runList.ts';
import * as vscode from 'vscode';
import type { Verdict } from '../core/review.ts';
import { tellEnd } from '../messages.ts';
import type { Services } from '../services.ts';
import { sessionSpec } from '../settings.ts';
import { folderOf } from '../folderOf.ts';

/** @param ids of the items; all that are undecided where absent. @throws TandemError reason 'untrusted-workspace', and those of `Reviews.decide` */
export async function decide(run: ListedRun, verdict: Verdict, ids: readonly string[] | undefined, services: Services): Promise<void> {
  if (!vscode.workspace.isTrusted) {
    throw new TandemError(
      'untrusted-workspace',
      'In Restricted Mode you cannot accept or reject what a run proposes. Trust the workspace first.',
    );
  }
  const unsaved = new Set(vscode.workspace.textDocuments.filter(({ isDirty }) => isDirty).map(({ uri }) => uri.toString()));
  const changed = await services.reviews.decide(run, verdict, ids);
  // Edits of the user's own are theirs to save; the numbers then grey out until that is done and measured.
  const saved = await Promise.all(changed.map(async (document) => !unsaved.has(document.uri.toString()) && (await document.save())));
  if (saved.length > 0 && saved.every(Boolean)) void measureAgain(vscode.Uri.file(run.prompt), services);
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
