/** @file Takes an adapter out of Tandem, as `tandem export` does. */
import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';
import type { ExportFormat } from '../run/exportAdapter.ts';
import type { ListedRun } from '../run/record/runList.ts';
import type { Job } from './core/job.ts';
import { label, type Label } from './core/unmarked.ts';
import type { Services } from './services.ts';
import { notify } from './surfaces/notifications.ts';
import { pick } from './surfaces/picks.ts';
import { finish, requireTrust, save } from './work.ts';

/** As `exportFormats` of run/exportAdapter.ts, which brings the engine along. */
const formats: Readonly<Record<ExportFormat, { readonly label: Label; readonly detail: string }>> = {
  peft: { label: label`PEFT`, detail: 'A directory for peft and transformers' },
  safetensors: {
    label: label`Merged Safetensors`,
    detail: 'The model with the adapter merged into its weights, as a Hugging Face directory',
  },
  'gguf-lora': { label: label`GGUF LoRA`, detail: "A file for llama.cpp's --lora" },
  ollama: { label: label`Ollama`, detail: 'A folder with a Modelfile for ollama create' },
};

/** Exports the adapter that a prompt file names. @returns undefined if the user cancelled */
export async function exportAdapterOf(document: vscode.TextDocument, services: Services): Promise<Job | undefined> {
  const prompt = document.uri.fsPath;
  const format = await pickFormat(basename(prompt));
  if (!format) return undefined;
  await save(document);
  return write(prompt, prompt, format, services);
}

/** Exports the adapter of a run's best state, accepted or not. @returns undefined if the user cancelled */
export async function exportAdapterOfRun({ directory, prompt }: ListedRun, services: Services): Promise<Job | undefined> {
  const format = await pickFormat(directory.run);
  return format && write(directory.path, prompt, format, services);
}

async function pickFormat(source: string): Promise<ExportFormat | undefined> {
  requireTrust();
  const items = (Object.keys(formats) as ExportFormat[]).map((value) => ({ ...formats[value], value }));
  return pick(items, { title: `Export Adapter of ${source}` });
}

/** @param source as ExportSpec has it */
async function write(source: string, prompt: string, format: ExportFormat, services: Services): Promise<Job> {
  const job = await finish({ kind: 'export', prompt, spec: { source, format, cwd: dirname(prompt) } }, services);
  if (job.exported) void tell(job.exported.path);
  return job;
}

async function tell(path: string): Promise<void> {
  const reveal = 'Show in Explorer';
  const answer = await notify('information', `Exported to ${vscode.workspace.asRelativePath(path)}`, { actions: [reveal] });
  if (answer === reveal) await vscode.commands.executeCommand('revealInExplorer', vscode.Uri.file(path));
}
