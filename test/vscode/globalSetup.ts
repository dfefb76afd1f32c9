/** @file What all tests of the editor share, started once before the first: the server of VS Code, and Chromium. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { TestProject } from 'vitest/node';
import { bundle, inHost } from '../support/bundle.mjs';
import { chromiumArguments, findChromium } from '../support/chromium.ts';
import { root, screenshots } from '../support/paths.ts';
import { startServer, type Server } from '../support/server.ts';
import { defaultVersion, type Version } from '../support/versions.ts';

/** What the tests get. If there is a problem, each of them fails with its description. */
export type Shared =
  | { readonly problem: string }
  | { readonly browser: string; readonly server: Server & { readonly version: Version }; readonly problem?: undefined };

declare module 'vitest' {
  export interface ProvidedContext {
    readonly vscode: Shared;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const ends: (() => Promise<void>)[] = [];
  const teardown = async (): Promise<void> => {
    for (const end of ends.reverse()) await end();
  };
  try {
    if (!existsSync(join(root, 'dist', 'extension.cjs'))) throw new Error('Build first: npm run build');
    rmSync(join(screenshots, 'failures'), { recursive: true, force: true });
    await bundle(inHost, 'cjs');
    await bundle({ launcher: 'test/support/launcher.ts' }, 'esm');
    const browser = await chromium.launchServer({
      ...(await findChromium()),
      args: chromiumArguments,
      headless: process.env.TANDEM_TEST_SHOW !== '1',
    });
    ends.push(() => browser.close());
    const version = defaultVersion();
    const server = await startServer({ version, extension: 'checkout', forTests: true });
    ends.push(server.stop);
    project.provide('vscode', { browser: browser.wsEndpoint(), server: { url: server.url, folder: server.folder, version } });
  } catch (error) {
    project.provide('vscode', { problem: (error as Error).message });
  }
  return teardown;
}
