/** @file Takes an adapter out of Tandem, as `tandem export` does. */
import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';
import type { ExportFormat } from '../run/exportAdapter.ts';
import type { ListedRun } from '../run/runList.ts';
import type { Job } from './core/job.ts';
import type { Services } from './services.ts';
import { finish, requireTrust, save } from './work.ts';

/** As `exportFormats` of run/exportAdapter.ts, which brings the engine along. */
const formats: Readonly<Record<ExportFormat, { readonly label: string; readonly detail: string }>> = {
  peft: { label: 'PEFT', detail: 'A directory, for peft and transformers' },
  safetensors: { label: 'Merged Safetensors', detail: 'The model with the adapter merged into its weights, as a Hugging Face directory' },
  'gguf-lora': { label: 'GGUF LoRA', detail: "A file for llama.cpp's --lora" },
  ollama: { label: 'Ollama', detail: 'A folder with a Modelfile, for ollama create' },
};

/** Exports the adapter that a prompt file names. @returns undefined where the user went away */
export async function exportAdapterOf(document: vscode.TextDocument, services: Services): Promise<Job | undefined> {
  const prompt = document.uri.fsPath;
  const format = await pickFormat(basename(prompt));
  if (!format) return undefined;
  await save(document);
  return write(prompt, prompt, format, services);
}

/** Exports the adapter of a run's best state, accepted or not. @returns undefined where the user went away */
export async function exportAdapterOfRun({ directory, prompt }: ListedRun, services: Services): Promise<Job | undefined> {
  const format = await pickFormat(directory.run);
  return format && write(directory.path, prompt, format, services);
}

async function pickFormat(source: string): Promise<ExportFormat | undefined> {
  requireTrust();
  const items = (Object.keys(formats) as ExportFormat[]).map((format) => ({ ...formats[format], format }));
  return (await vscode.window.showQuickPick(items, { title: `Export the Adapter of ${source}` }))?.format;
}

/** @param source as ExportSpec has it */
async function write(source: string, prompt: string, format: ExportFormat, services: Services): Promise<Job> {
  const job = await finish({ kind: 'export', prompt, spec: { source, format, cwd: dirname(prompt) } }, services);
  if (job.exported) void tell(job.exported.path);
  return job;
}

async function tell(path: string): Promise<void> {
  const reveal = 'Show in Explorer';
  const answer = await vscode.window.showInformationMessage(`Written: ${vscode.workspace.asRelativePath(path)}`, reveal);
  if (answer === reveal) await vscode.commands.executeCommand('revealInExplorer', vscode.Uri.file(path));
}
