/**
 * @file What the tests of the editor are written with: `test`, whose tests get an `editor`, and `openEditor` for another version, an untrusted
 * folder or a VSIX.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { inject, test as base } from 'vitest';
import { openEditor, type Editor, type EditorOptions } from '../support/editor.ts';
import { screenshots } from '../support/paths.ts';
import { startServer, type RunningServer, type Server, type ServerOptions } from '../support/server.ts';
import type {} from './globalSetup.ts';

export { expect } from 'vitest';

type ServerWanted = Partial<Omit<ServerOptions, 'forTests'>>;

export type OpenEditor = (options?: ServerWanted & EditorOptions) => Promise<Editor>;

interface Fixtures {
  /** Opens a window. It is closed after the test; if the test fails, a screenshot is written to dist/screenshots/failures. */
  openEditor: OpenEditor;
  /** A window on a copy of the sample workspace, with the extension of this checkout. */
  editor: Editor;
  servers: { browser: Browser; find(wanted: ServerWanted): Promise<Server> };
}

export const test = base.extend<Fixtures>({
  servers: [
    // eslint-disable-next-line no-empty-pattern -- vitest reads the dependencies of a fixture from the pattern
    async ({}, use) => {
      const shared = inject('vscode');
      if (shared.problem !== undefined) throw new Error(shared.problem);
      // If vitest itself is killed, this process would live on together with its servers.
      process.once('disconnect', () => process.exit(1));
      const browser = await chromium.connect(shared.browser);
      const started = new Map<string, Promise<RunningServer>>();
      const find = async (wanted: ServerWanted): Promise<Server> => {
        const { version = shared.server.version, extension = 'checkout', asksForTrust = false, welcomes = false, settings } = wanted;
        if (version === shared.server.version && extension === 'checkout' && !asksForTrust && !welcomes && !settings) return shared.server;
        const options: ServerOptions = { version, extension, asksForTrust, welcomes, forTests: true, ...(settings && { settings }) };
        const key = JSON.stringify(options);
        if (!started.has(key)) started.set(key, startServer(options));
        return started.get(key)!;
      };
      await use({ browser, find });
      await browser.close();
      for (const server of started.values()) await server.then(({ stop }) => stop()).catch(() => {});
    },
    { scope: 'file' },
  ],
  openEditor: async ({ servers, task }, use) => {
    const opened: Editor[] = [];
    await use(async ({ prepare, ...server } = {}) => {
      const pictures = server.version === 'minimum' ? join(screenshots, server.version) : screenshots;
      const editor = await openEditor(servers.browser, await servers.find(server), { prepare, pictures });
      opened.push(editor);
      return editor;
    });
    for (const editor of opened) {
      if (task.result?.state === 'fail') await recordFailure(editor, task.name);
      await editor.close();
    }
  },
  editor: async ({ openEditor }, use) => use(await openEditor()),
});

/** Saves a screenshot of the window and the output of its consoles. */
async function recordFailure(editor: Editor, name: string): Promise<void> {
  const folder = join(screenshots, 'failures');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, name.replaceAll(/\W+/g, '-'));
  writeFileSync(`${file}.log`, editor.log());
  await editor.page.screenshot({ path: `${file}.png` }).catch(() => {});
  console.log(`The window at the failure: ${file}.png and .log`);
}
