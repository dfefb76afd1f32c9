/** @file The run panel: a webview that shows one run and hears what the user asks for. It keeps nothing; a new page gets everything again. */
import * as vscode from 'vscode';
import type { JournalLine } from '../run/record/events.ts';
import { unmarked } from './core/unmarked.ts';
import type { SidePanels } from './core/sidePanels.ts';
import { makeFeed, type FeedSource } from './panelFeed.ts';
import type { FromPage, PanelAction, Vitals } from './panelMessages.ts';
import { notify } from './surfaces/notifications.ts';
import { loadPage, pageOptions } from './webviewPage.ts';

/** Where the panel has its runs from. */
export interface PanelSource extends FeedSource {
  /** Lines of whichever run is worked on, as they come. */
  readonly onLine: vscode.Event<{ readonly run: string; readonly line: JournalLine }>;
  readonly onVitals: vscode.Event<{ readonly run: string; readonly vitals: Vitals }>;
  /**
   * Something changed that is in no line: a run was added or removed, work on it began or ended, a part of its review was decided. The
   * panel then asks for everything again, so neither `runs` nor `open` may fire it.
   */
  readonly onChange: vscode.Event<void>;
  act(action: PanelAction): Promise<void>;
}

export interface RunPanel extends vscode.Disposable {
  /** Brings the panel to the front, with this run or the one that it showed last, at first the newest. */
  show(run?: string): void;
}

export const panelViewType = 'tandem.run';

export function registerPanel(
  context: vscode.ExtensionContext,
  source: PanelSource,
  sidePanels: SidePanels<vscode.WebviewPanel>,
): RunPanel {
  let current: { readonly panel: vscode.WebviewPanel; readonly open: (run: string) => void } | undefined;

  const attach = (panel: vscode.WebviewPanel, wanted?: string): void => {
    const { webview } = panel;
    const feed = makeFeed(source, (message) => {
      if (message.type === 'opened') panel.title = titleOf(message.snapshot.state.config?.prompt);
      void webview.postMessage(message);
    });
    const open = (run?: string): void => {
      wanted = run ?? wanted;
      // A run that is asked for before the list has it is shown as soon as the list does.
      feed.open(wanted).then((shown) => (wanted ??= shown), show);
    };
    const act = async (action: PanelAction): Promise<void> => {
      try {
        await source.act(action);
        // A stop is answered by its line in the journal; what else the page waits for, by the run as it is now.
        if (action.type === 'resume' || action.type === 'decide') open();
      } catch (error) {
        show(error);
        open();
      }
    };
    const hear = (message: FromPage): void => {
      if (message.type === 'ready') open(wanted ?? message.run);
      else if (message.type === 'choose') open(message.run);
      else void act(message);
    };
    const listeners = [
      webview.onDidReceiveMessage(hear),
      source.onLine(({ run, line }) => feed.line(run, line)),
      source.onVitals(({ run, vitals }) => feed.vitals(run, vitals)),
      source.onChange(() => panel.visible && open()),
      // A hidden page is gone; when it is seen again it says that it is ready.
      panel.onDidChangeViewState(() => panel.visible || feed.close()),
    ];
    panel.onDidDispose(() => {
      feed.close();
      vscode.Disposable.from(...listeners).dispose();
      if (current?.panel === panel) current = undefined;
    });
    panel.iconPath = vscode.Uri.joinPath(context.extensionUri, 'media', 'icon.svg');
    sidePanels.add(panel);
    current = { panel, open };
    loadPage(webview, context, 'panel');
  };

  const serializer = vscode.window.registerWebviewPanelSerializer(panelViewType, {
    deserializeWebviewPanel: async (panel: vscode.WebviewPanel) => attach(panel),
  });
  return {
    show(run) {
      if (current) {
        sidePanels.reveal(current.panel, true);
        if (run !== undefined) current.open(run);
        return;
      }
      const place = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
      attach(vscode.window.createWebviewPanel(panelViewType, titleOf(), place, pageOptions(context)), run);
    },
    dispose() {
      serializer.dispose();
      current?.panel.dispose();
    },
  };
}

const titleOf = (prompt?: string): string => (prompt === undefined ? 'Tandem' : unmarked(`Tandem: ${prompt.split('/').at(-1)}`));

const show = (error: unknown): void => void notify('error', error instanceof Error ? error.message : String(error));
