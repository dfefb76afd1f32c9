/** @file Runs a VS Code server. Everything that belongs to it is in one temporary folder, which is removed with the server. */
import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quietVariable } from '../../src/extension/ids.ts';
import { installedName, manifest } from './extension.ts';
import { bundles, root } from './paths.ts';
import { serverCommand, versions, type Version } from './versions.ts';

export interface ServerOptions {
  readonly version: Version;
  /**
   * 'checkout' has the extension of this checkout among the installed ones. A VSIX file is installed. 'development' has no extension, for a
   * window that brings its own (and, in the latest version, shows no notifications).
   */
  readonly extension: 'checkout' | 'development' | { readonly vsix: string };
  /** Tests can run functions in the extension host. They neither see nor change the user's own settings and extensions. */
  readonly forTests: boolean;
  /** Folders open in restricted mode until the user trusts them. Without it every folder is trusted. */
  readonly asksForTrust?: boolean;
  /** In tests, the walkthrough opens by itself as it does for a new user. */
  readonly welcomes?: boolean;
  /** The user's settings, in addition to those that all tests have. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

export interface Server {
  readonly url: string;
  /** Windows keep their workspaces in this folder. */
  readonly folder: string;
}

export interface RunningServer extends Server {
  /** The end of its output. */
  readonly log: () => string;
  /** Kills all its processes and removes its folder. */
  readonly stop: () => Promise<void>;
}

/** Starts a server, and downloads it first if necessary. It ends with this process, however that ends. */
export async function startServer({
  version,
  extension,
  forTests,
  asksForTrust = false,
  welcomes = false,
  settings: own,
}: ServerOptions): Promise<RunningServer> {
  const command = await serverCommand(version);
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-vscode-')));
  const [data, extensions] = [join(folder, 'data'), join(folder, 'extensions')];
  writeSettings(data, { ...settings, ...(forTests && settingsForTests), ...own });
  mkdirSync(extensions);
  if (forTests) addAgent(extensions);
  if (extension === 'checkout') addCheckout(extensions);
  const args = [
    ...['--host', '127.0.0.1', '--port', '0', '--without-connection-token', '--accept-server-license-terms'],
    ...['--server-data-dir', data, '--extensions-dir', extensions, '--telemetry-level', 'off'],
    ...(asksForTrust ? [] : ['--disable-workspace-trust']),
    ...(extension === 'development' ? versions[version].forDevelopment : []),
    ...(typeof extension === 'object' ? ['--install-extension', extension.vsix, '--start-server'] : []),
  ];
  const child = spawn(process.execPath, [join(root, 'test', 'support', 'leash.mjs'), folder, ...command, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      ...environment(),
      ...(forTests && { TANDEM_HOME: join(folder, 'home'), EXTENSIONS_GALLERY: noGallery, ...(!welcomes && { [quietVariable]: 'off' }) }),
    },
  });
  const gone = new Promise<void>((resolve) => child.on('close', () => resolve()));
  const stop = (): Promise<void> => {
    child.stdin.end();
    return gone;
  };
  let log = '';
  try {
    const port = await new Promise<string>((resolve, reject) => {
      const read = (text: string): void => {
        log = (log + text).slice(-20_000);
        const [, number] = /Extension host agent listening on (\d+)/.exec(log) ?? [];
        if (number) resolve(number);
      };
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', read);
      child.on('close', (code) => reject(new Error(`The server of VS Code ended with code ${code}:\n${log}`)));
      setTimeout(() => reject(new Error(`The server of VS Code did not start within a minute:\n${log}`)), 60_000).unref();
    });
    return { url: `http://127.0.0.1:${port}`, folder, log: () => log, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** As on a desktop, but without anything that moves, asks questions or connects to other machines. */
const settings = {
  'chat.disableAIFeatures': true,
  'editor.cursorBlinking': 'solid',
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'files.autoSave': 'off',
  // The tests write theme settings into this folder.
  'files.exclude': { '**/.vscode': true },
  // In every version a banner asks for trust. Only some versions also ask in a dialog.
  'security.workspace.trust.startupPrompt': 'never',
  'telemetry.telemetryLevel': 'off',
  'window.confirmBeforeClose': 'never',
  'workbench.reduceMotion': 'on',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
};

/** Runs begin at once. preflight.test.ts tests the questions before a run. */
const settingsForTests = { 'tandem.optimize.preflight': 'off' };

function writeSettings(data: string, settings: Readonly<Record<string, unknown>>): void {
  const user = join(data, 'data', 'User');
  mkdirSync(user, { recursive: true });
  writeFileSync(join(user, 'settings.json'), JSON.stringify(settings));
}

/** The vendor of the language models that a test may add to the editor. */
export const modelVendor = 'tandem-test';

/** The extension through which a test runs functions in the extension host: agent.ts. */
function addAgent(extensions: string): void {
  const agent = {
    name: 'test-agent',
    publisher: 'tandem-test',
    version: '0.0.1',
    engines: { vscode: '^1.100.0' },
    main: 'agent.cjs',
    activationEvents: ['*'],
    extensionKind: ['workspace'],
    capabilities: { untrustedWorkspaces: { supported: true } },
    contributes: { languageModelChatProviders: [{ vendor: modelVendor, displayName: 'Models of the tests' }] },
  };
  const folder = join(extensions, installedName(agent));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify(agent));
  copyFileSync(join(bundles, agent.main), join(folder, agent.main));
}

function addCheckout(extensions: string): void {
  symlinkSync(root, join(extensions, installedName(manifest)));
}

/** No connection to machines other than this one. */
const noGallery = '{}';

/** This process's environment, without variables of vitest or of a VS Code around it. */
function environment(): NodeJS.ProcessEnv {
  const foreign = /^(VSCODE_.*|ELECTRON_.*|VITEST.*|NODE_ENV|NODE_OPTIONS|TEST|DEV|PROD|MODE|SSR|BASE_URL)$/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}
