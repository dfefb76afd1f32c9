/** @file The built page as the editor would show it: the same HTML and policy, a theme's variables, and a stand-in for the extension. */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { panelHtml, type PageName } from '../../src/extension/panelHtml.ts';
import type { FromPage, Review, ToPage } from '../../src/extension/panelMessages.ts';
import type { Evidence } from '../../src/run/words/evidence.ts';
import { diffHunks } from '../../src/prompt/hunks.ts';
import { chromiumArguments, findChromium } from '../../test/support/chromium.ts';
import themesFile from '../fixtures/themes.json' with { type: 'json' };
import { journal, stateAfter } from '../journal.fixture.ts';

export const themes = themesFile.themes;
export type ThemeName = keyof typeof themes;

const root = join(import.meta.dirname, '..', '..');

/** Undefined if there is no Chromium; then the tests are skipped. */
export const chromiumFound = await findChromium().catch((error: Error) => {
  console.log(`The tests of the panel's page are skipped: ${error.message}`);
  return undefined;
});

/** What the run of the journal proposes: its hunks and the adapter. The front matter of the file has nine lines. */
export const review: Review = (() => {
  const { start, best, attribution } = stateAfter(journal.length);
  const measured: Evidence[] = [{ of: 'the new prompt, with the old weights', difference: attribution!.promptAlone, split: 'test' }];
  const hunks = diffHunks(start!.prompt.body, best!.prompt.body).map(
    ({ line, ...hunk }) =>
      ({
        ...hunk,
        kind: 'hunk',
        line: line + 10,
        standing: 'open',
        reason: 'asked as a question after the row',
        evidence: measured,
      }) as const,
  );
  const folder = '.tandem/adapters/intent-cf75e831';
  const weights: Evidence = { of: 'the new weights, with the old prompt', difference: attribution!.weightsAlone, split: 'test' };
  return {
    file: 'intent.prompt.md',
    items: [...hunks, { kind: 'adapter', id: 'adapter', folder, standing: 'open', evidence: [weights] }],
  };
})();

/** A page, and the extension's end of the conversation. */
export interface Panel<To = ToPage, From = FromPage> {
  readonly page: Page;
  readonly tell: (...messages: To[]) => Promise<void>;
  /** What the page has said since the last call. */
  readonly said: () => Promise<From[]>;
  /** The state that the page saved for the next time it is shown. */
  readonly remembered: () => Promise<unknown>;
  readonly useTheme: (theme: ThemeName) => Promise<void>;
  /** Violations of the policy, errors, and everything else that the console printed. */
  readonly complaints: string[];
  readonly close: () => Promise<void>;
}

interface Opening {
  readonly theme?: ThemeName;
  /** Of the window, in its own pixels. */
  readonly width?: number;
  /** 2 is 200%. */
  readonly zoom?: number;
  readonly remembered?: unknown;
  /** The bundle; default: the run panel's. */
  readonly bundle?: PageName;
}

/** Each theme in a narrow, a usual and a wide window, and at 200% zoom. `name` is a part of a file name. */
export const views = (Object.keys(themes) as ThemeName[]).flatMap((theme) =>
  [{ width: 400 }, { width: 760 }, { width: 1200 }, { width: 1200, zoom: 2 }].map(({ width, zoom = 1 }) => ({
    name: `${theme}-${width}${zoom === 1 ? '' : '-zoomed'}`,
    view: { theme, width, zoom },
  })),
);

export interface Harness {
  open<To = ToPage, From = FromPage>(options?: Opening): Promise<Panel<To, From>>;
  close(): Promise<void>;
}

export async function startHarness(): Promise<Harness> {
  const { executablePath, env } = chromiumFound!;
  const browser = await chromium.launch({ executablePath, args: chromiumArguments, env: { ...process.env, ...env } });
  const server = await serve();
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    open: (options = {}) => openPanel(browser, address, options),
    async close() {
      await browser.close();
      server.close();
    },
  };
}

async function openPanel<To, From>(
  browser: Browser,
  address: string,
  { theme = 'dark', width = 1200, zoom = 1, remembered, bundle = 'panel' }: Opening,
): Promise<Panel<To, From>> {
  const viewport = { width: width / zoom, height: 900 / zoom };
  const context = await browser.newContext({ viewport, deviceScaleFactor: zoom, locale: 'en-GB', timezoneId: 'UTC' });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => void complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => void complaints.push(`error: ${error.message}`));
  page.on('requestfailed', (request) => void complaints.push(`failed: ${request.url()}`));
  await page.addInitScript(actAsEditor, { theme: themes[theme], remembered });
  await page.goto(`${address}/?${bundle}`);
  await page.waitForFunction(() => window.said.length > 0);
  return {
    page,
    complaints,
    // As JSON, because the type of serializable values is infinitely deep.
    tell: (...messages) =>
      page.evaluate((all) => (JSON.parse(all) as unknown[]).forEach((each) => window.postMessage(each, '*')), JSON.stringify(messages)),
    said: () => page.evaluate(() => window.said.splice(0)) as Promise<From[]>,
    remembered: () => page.evaluate(() => window.remembered),
    useTheme: (name) => page.evaluate((theme) => window.useTheme(theme), themes[name]),
    close: () => context.close(),
  };
}

declare global {
  interface Window {
    said: unknown[];
    remembered: unknown;
    useTheme: (theme: (typeof themes)[ThemeName]) => void;
  }
}

/** Runs in the page before the page's own script. */
function actAsEditor({ theme, remembered }: { theme: (typeof themes)[ThemeName]; remembered: unknown }): void {
  window.said = [];
  window.remembered = remembered;
  window.useTheme = ({ variables, class: kind, id }) => {
    const { style } = document.documentElement;
    for (const name of [...style]) style.removeProperty(name);
    for (const [name, value] of Object.entries(variables)) style.setProperty(name, value);
    document.body.className = kind;
    document.body.dataset.vscodeThemeId = id;
  };
  Object.assign(window, {
    acquireVsCodeApi: () => ({
      postMessage: (message: unknown) => void window.said.push(message),
      getState: () => window.remembered,
      setState: (state: unknown) => void (window.remembered = state),
    }),
  });
  document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) =>
    console.error(`policy violated: ${violatedDirective} ${blockedURI} ${sample}`),
  );
  document.addEventListener('DOMContentLoaded', () => window.useTheme(theme));
}

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.ttf': 'font/ttf',
  '.map': 'application/json',
};

function serve(): Promise<Server> {
  const server = createServer(({ url = '/' }, response) => {
    const { pathname, origin, search } = new URL(url, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    if (pathname === '/') {
      response.setHeader('content-type', 'text/html');
      const bundle = search.slice(1);
      response.end(panelHtml({ script: `/${bundle}.js`, style: `/${bundle}.css`, icons: '/codicon.css' }, origin, 'bm9uY2U='));
      return;
    }
    response.setHeader('content-type', types[extname(pathname)] ?? 'text/plain');
    try {
      response.end(readFileSync(join(root, 'dist', 'webview', pathname)));
    } catch {
      response.writeHead(404).end();
    }
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}
