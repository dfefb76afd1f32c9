/** @file Pages of this extension in webview panels: what each may load, and panels of which there is one at most. */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { SidePanels } from './core/sidePanels.ts';
import { panelHtml, type PageName } from './panelHtml.ts';

export function pageOptions({ extensionUri }: vscode.ExtensionContext): vscode.WebviewOptions {
  return { enableScripts: true, localResourceRoots: [rootOf(extensionUri)] };
}

/** Loads the page; it says when it listens. */
export function loadPage(webview: vscode.Webview, context: vscode.ExtensionContext, name: PageName): void {
  const address = (file: string): string => webview.asWebviewUri(vscode.Uri.joinPath(rootOf(context.extensionUri), file)).toString();
  const files = { script: address(`${name}.js`), style: address(`${name}.css`), icons: address('codicon.css') };
  webview.options = pageOptions(context);
  webview.html = panelHtml(files, webview.cspSource, randomBytes(16).toString('base64'));
}

export interface PageKind<From> {
  readonly viewType: string;
  readonly page: PageName;
  /** Hears the page. Whatever is known is sent when it says that it is ready: a page that is hidden is gone. */
  readonly hear: (message: From) => void;
  /** The panel was closed. */
  readonly onClose?: () => void;
}

export interface OnePage<To> extends vscode.Disposable {
  /** Opens the panel beside the editor, or brings it to the front. The focus stays where it is unless it is asked for. */
  show(title: string, focus?: 'focus'): void;
  /** Nothing where the panel is not open. */
  post(message: To): void;
  setTitle(title: string): void;
  isOpen(): boolean;
}

/** A panel that comes back with the window. */
export function registerOnePage<To, From>(
  context: vscode.ExtensionContext,
  sidePanels: SidePanels<vscode.WebviewPanel>,
  { viewType, page, hear, onClose }: PageKind<From>,
): OnePage<To> {
  let current: vscode.WebviewPanel | undefined;
  const attach = (panel: vscode.WebviewPanel): void => {
    current?.dispose();
    current = panel;
    panel.iconPath = vscode.Uri.joinPath(context.extensionUri, 'media', 'icon.svg');
    const listener = panel.webview.onDidReceiveMessage(hear);
    panel.onDidDispose(() => {
      listener.dispose();
      if (current !== panel) return;
      current = undefined;
      onClose?.();
    });
    sidePanels.add(panel);
    loadPage(panel.webview, context, page);
  };
  const serializer = vscode.window.registerWebviewPanelSerializer(viewType, {
    deserializeWebviewPanel: async (panel: vscode.WebviewPanel) => attach(panel),
  });
  return {
    show(title, focus) {
      const preserveFocus = focus === undefined;
      if (!current) {
        const place = { viewColumn: vscode.ViewColumn.Beside, preserveFocus };
        attach(vscode.window.createWebviewPanel(viewType, title, place, pageOptions(context)));
      } else if (!current.visible || !preserveFocus) sidePanels.reveal(current, preserveFocus);
      current!.title = title;
    },
    post: (message) => void current?.webview.postMessage(message),
    setTitle: (title) => void (current && (current.title = title)),
    isOpen: () => current !== undefined,
    dispose() {
      serializer.dispose();
      current?.dispose();
    },
  };
}

const rootOf = (extension: vscode.Uri): vscode.Uri => vscode.Uri.joinPath(extension, 'dist', 'webview');
