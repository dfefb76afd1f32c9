/** @file A window of VS Code on a sample workspace, driven from both sides: the page, and functions in the extension host. */
import { cpSync, mkdirSync, mkdtempSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { openChannel, socketName, type RunInHost } from './channel.ts';
import { openPage, workbenchDrawn } from './page.ts';
import { sample, screenshots } from './paths.ts';
import type { Server } from './server.ts';
import { themes, useTheme } from './themes.ts';
import { workbench, type Workbench } from './workbench.ts';

export interface Editor extends Workbench {
  readonly page: Page;
  /** The folder that is open, a copy of the sample. */
  readonly workspace: string;
  /** Runs a function in the extension host: `run((vscode, name) => vscode.window.activeTextEditor?.document.fileName)`. */
  readonly run: RunInHost;
  /** Opens a file of the workspace. */
  open(file: string): Promise<void>;
  /** Writes `<name>-<theme>.png` for every theme. The window stays in the last theme. */
  screenshot(name: string): Promise<void>;
  /** Reloads the window, which restarts the extension host. */
  reload(): Promise<void>;
  /** The console output of the page and the extension host. */
  log(): string;
  close(): Promise<void>;
}

export interface EditorOptions {
  /**
   * Changes the copy of the sample before it is opened, e.g. by `writeTinyTask`. It may return what to open instead: a `.code-workspace` file
   * or another folder next to it.
   */
  readonly prepare?: (workspace: string) => string | void;
  /** The folder for screenshots. Default: dist/screenshots. */
  readonly pictures?: string;
}

export async function openEditor(
  browser: Browser,
  server: Server,
  { prepare, pictures = screenshots }: EditorOptions = {},
): Promise<Editor> {
  const workspace = copySample(server.folder);
  const opened = prepare?.(workspace) ?? workspace;
  const channel = await openChannel(join(dirname(opened), socketName));
  let page: Page;
  try {
    page = await openPage(browser, { server, workspace: opened });
  } catch (error) {
    channel.close();
    throw error;
  }
  let log = '';
  page.on('console', (message) => (log = (log + `${message.text()}\n`).slice(-20_000)));
  return {
    ...workbench(page),
    page,
    workspace,
    run: channel.run,
    open: (file) =>
      channel.run(
        async (editor, path) => {
          await editor.window.showTextDocument(editor.Uri.file(path), { preview: false });
        },
        join(workspace, file),
      ),
    screenshot: async (name) => {
      mkdirSync(pictures, { recursive: true });
      for (const theme of themes) {
        await useTheme(page, channel.run, theme);
        await page.screenshot({ path: join(pictures, `${name}-${theme.name}.png`) });
      }
    },
    reload: async () => {
      channel.forget();
      await page.reload();
      await workbenchDrawn(page);
      await channel.run(() => {});
    },
    log: () => log,
    close: async () => {
      await page.context().close();
      channel.close();
    },
  };
}

/** @returns a copy of the sample workspace without its settings, in a folder of its own */
function copySample(folder: string): string {
  const windows = join(folder, 'windows');
  mkdirSync(windows, { recursive: true });
  const copy = join(mkdtempSync(join(windows, 'w-')), basename(sample));
  cpSync(sample, copy, { recursive: true, filter: (file) => !['make.mjs', '.tandem', '.vscode'].includes(basename(file)) });
  return copy;
}
