/** @file Activation of the VS Code extension: what it is made of. */
import type * as vscode from 'vscode';
import { registerAnnotations } from './annotations.ts';
import { registerAnswers } from './answers.ts';
import { registerChatModels } from './chatModels.ts';
import { registerCodeLenses } from './codeLens.ts';
import { registerCommands } from './commands.ts';
import { registerContexts } from './contexts.ts';
import { registerDiagnostics } from './language/diagnostics.ts';
import { registerLanguageHelp } from './language/languageHelp.ts';
import { registerOutline } from './language/outline.ts';
import { registerOwnLanguage } from './language/ownLanguage.ts';
import { activationMeasure } from './ids.ts';
import { registerMcpServers } from './mcpServers.ts';
import { registerMeasureOnSave } from './measureOnSave.ts';
import { registerPreview } from './preview.ts';
import { registerReview } from './review/review.ts';
import { registerResumeOffer } from './resumeOffer.ts';
import { registerRunPanel } from './runPanel.ts';
import { registerSilenceWarning } from './silenceWarning.ts';
import { openServices } from './services.ts';
import { registerStatusBar } from './statusBar.ts';
import { notify } from './surfaces/notifications.ts';
import { registerTryIt } from './tryIt.ts';
import { registerTesting } from './testing/testing.ts';
import { registerTasks } from './tasks.ts';
import { registerModelsView } from './views/modelsView.ts';
import { registerPromptsView } from './views/promptsView.ts';
import { registerRunsView } from './views/runsView.ts';
import { registerWalkthrough } from './walkthrough.ts';
import { registerWhatsNew } from './whatsNew.ts';

export function activate(context: vscode.ExtensionContext): void {
  const [start, used] = [performance.now(), process.cpuUsage()];
  try {
    const services = openServices(context);
    context.subscriptions.push(
      services,
      registerOwnLanguage(services),
      registerCommands(services),
      registerContexts(services),
      registerCodeLenses(services),
      registerAnnotations(services),
      registerDiagnostics(services),
      registerLanguageHelp(services),
      registerOutline(),
      registerPreview(services),
      registerStatusBar(services),
      registerSilenceWarning(services),
      registerRunPanel(context, services),
      registerAnswers(context, services),
      registerTryIt(context, services),
      registerReview(services),
      registerMeasureOnSave(services),
      registerResumeOffer(context, services),
      registerTesting(services),
      registerPromptsView(services),
      registerRunsView(services),
      registerModelsView(services),
      registerTasks(context, services),
      registerMcpServers(context),
      registerChatModels(services),
      registerWalkthrough(context, services),
      registerWhatsNew(context),
    );
    const { user, system } = process.cpuUsage(used);
    performance.measure(activationMeasure, { start, detail: { cpu: (user + system) / 1000 } });
  } catch (error) {
    void notify('error', `Tandem could not start: ${error instanceof Error ? error.message : String(error)}`);
    throw error;
  }
}
