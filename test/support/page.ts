/** @file Opens a page of Chromium on a VS Code server: a window of the workbench. */
import type { Browser, Page } from 'playwright-core';
import type { Server } from './server.ts';

export interface Opening {
  readonly server: Server;
  /** A folder or a `.code-workspace` file. */
  readonly workspace: string;
  /** An extension under development, and the module whose `run()` is called in the extension host. */
  readonly development?: Development;
}

export interface Development {
  readonly extension: string;
  readonly tests: string;
  /** Called with the console output of the tests. */
  readonly onLog: (...words: unknown[]) => void;
  /** Called with the exit code of the tests. */
  readonly onEnd: (code: number) => void;
}

/** The address of a window of the workbench. */
export function windowUrl({ server, workspace, development }: Opening): string {
  const url = new URL(server.url);
  const remote = (path: string): string => `vscode-remote://${url.host}${path}`;
  url.searchParams.set(workspace.endsWith('.code-workspace') ? 'workspace' : 'folder', workspace);
  if (development) {
    const payload = { extensionDevelopmentPath: remote(development.extension), extensionTestsPath: remote(development.tests) };
    url.searchParams.set('payload', JSON.stringify(Object.entries(payload)));
  }
  return url.href;
}

/** Opens a window and waits until its parts are drawn. Its own browser context keeps it apart from other windows. */
export async function openPage(browser: Browser, opening: Opening): Promise<Page> {
  // If the system's language is `C`, Chromium reports one that its own Intl refuses, which breaks the charts of the run panel.
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-US' });
  // Machines are shared, and no test measures time.
  context.setDefaultTimeout(60_000);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const page = await context.newPage();
  if (opening.development) {
    const { onLog, onEnd } = opening.development;
    await page.exposeFunction('codeAutomationLog', (_type: string, words: unknown[]) => onLog(...words));
    await page.exposeFunction('codeAutomationExit', (code: number) => onEnd(code));
  }
  await page.goto(windowUrl(opening));
  await workbenchDrawn(page);
  return page;
}

export async function workbenchDrawn(page: Page): Promise<void> {
  await page.locator('.monaco-workbench .part.statusbar .statusbar-item').first().waitFor({ timeout: 90_000 });
}
