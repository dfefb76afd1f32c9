/** @file Takes an adapter out of Tandem, as `tandem export` does. */
import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';
import type { ExportFormat } from '../run/exportAdapter.ts';
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
  requireTrust();
  const prompt = document.uri.fsPath;
  const items = (Object.keys(formats) as ExportFormat[]).map((format) => ({ ...formats[format], format }));
  const picked = await vscode.window.showQuickPick(items, { title: `Export the Adapter of ${basename(prompt)}` });
  if (!picked) return undefined;
  await save(document);
  const job = await finish({ kind: 'export', prompt, spec: { source: prompt, format: picked.format, cwd: dirname(prompt) } }, services);
  if (job.exported) void tell(job.exported.path);
  return job;
}

async function tell(path: string): Promise<void> {
  const reveal = 'Show in Explorer';
  const answer = await vscode.window.showInformationMessage(`Written: ${vscode.workspace.asRelativePath(path)}`, reveal);
  if (answer === reveal) await vscode.commands.executeCommand('revealInExplorer', vscode.Uri.file(path));
}
