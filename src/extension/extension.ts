/** @file Activation of the VS Code extension: what it is made of. */
import * as vscode from 'vscode';
import { registerAnnotations } from './annotations.ts';
import { registerCodeLenses } from './codeLens.ts';
import { registerCommands } from './commands.ts';
import { registerContexts } from './contexts.ts';
import { registerDiagnostics } from './diagnostics.ts';
import { registerMeasureOnSave } from './measureOnSave.ts';
import { registerReview } from './review.ts';
import { registerResumeOffer } from './resumeOffer.ts';
import { registerRunPanel } from './runPanel.ts';
import { registerSilenceWarning } from './silenceWarning.ts';
import { openServices } from './services.ts';
import { registerStatusBar } from './statusBar.ts';

export function activate(context: vscode.ExtensionContext): void {
  try {
    const services = openServices(context);
    context.subscriptions.push(
      services,
      registerCommands(services),
      registerContexts(services),
      registerCodeLenses(services),
      registerAnnotations(services),
      registerDiagnostics(services),
      registerStatusBar(services),
      registerSilenceWarning(services),
      registerRunPanel(context, services),
      registerReview(context, services),
      registerMeasureOnSave(services),
      registerResumeOffer(context, services),
    );
  } catch (error) {
    void vscode.window.showErrorMessage(`Tandem could not start: ${error instanceof Error ? error.message : String(error)}`);
    throw error;
  }
}
