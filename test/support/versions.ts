/** @file The versions of VS Code that the tests run in, as servers from npm: `code-server` contains VS Code's own server and workbench. */
import { chmodSync, copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { madeOnce, npmInstall } from './downloads.ts';

export type Version = keyof typeof versions;

/** `minimum` is the version in `engines.vscode` of the manifest. */
export const versions = {
  minimum: { vscode: '1.100.3', codeServer: '4.100.3', node: '20.19.0', forDevelopment: [] },
  // Without this driver, the version ignores an extension under development.
  latest: { vscode: '1.139.1', codeServer: '4.139.1', node: '24.21.0', forDevelopment: ['--enable-smoke-test-driver'] },
} as const;

/** The version for tests that name none; TANDEM_TEST_VSCODE chooses it. */
export function defaultVersion(): Version {
  const name = process.env.TANDEM_TEST_VSCODE ?? 'latest';
  if (name in versions) return name as Version;
  throw new Error(`TANDEM_TEST_VSCODE is '${name}'; there are ${Object.keys(versions).join(' and ')}`);
}

/** The beginning of the command that starts a server of this version, which is downloaded if necessary. */
export async function serverCommand(version: Version): Promise<string[]> {
  const { vscode, codeServer, node } = versions[version];
  const folder = await madeOnce(`vscode-server-${vscode}`, async (half) => {
    await npmInstall(half, `code-server@${codeServer}`);
    const server = serverIn(half);
    await npmInstall(server);
    if (version === 'minimum') await addRipgrep(half, server);
  });
  return [await nodeExecutable(node), join(serverIn(folder), 'out', 'server-main.js')];
}

const serverIn = (folder: string): string => join(folder, 'node_modules', 'code-server', 'lib', 'vscode');

/** `findFiles` needs ripgrep, which the old version's package would download in an install script. */
async function addRipgrep(folder: string, server: string): Promise<void> {
  const name = `@vscode/ripgrep-${process.platform}-${process.arch}`;
  await npmInstall(folder, `${name}@1.18.0`);
  const binaries = join(server, 'node_modules', '@vscode', 'ripgrep', 'bin');
  mkdirSync(binaries, { recursive: true });
  copyFileSync(join(folder, 'node_modules', name, 'bin', 'rg'), join(binaries, 'rg'));
  chmodSync(join(binaries, 'rg'), 0o755);
}

/** This Node if its major version is high enough, otherwise one from npm. */
async function nodeExecutable(version: string): Promise<string> {
  const major = (text: string): number => Number(text.split('.')[0]);
  if (major(process.versions.node) >= major(version)) return process.execPath;
  const name = `node-${process.platform}-${process.arch}`;
  const folder = await madeOnce(`${name}-${version}`, (half) => npmInstall(half, `${name}@${version}`));
  return join(folder, 'node_modules', name, 'bin', 'node');
}
