/** @file Downloads for tests, made once in a folder outside the repository that all checkouts of this user share. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { TandemError } from '../../src/errors.ts';
import { acquireLock } from '../../src/run/record/lock.ts';

/** TANDEM_TEST_CACHE chooses another folder. */
export const downloadFolder = (): string =>
  process.env.TANDEM_TEST_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tandem-test');

/** How long to wait for another process that makes the same folder, in milliseconds. */
const patience = 10 * 60_000;

/**
 * The folder with this name, which is made if it does not exist. If several processes ask at once, one makes it and the others wait. What a
 * dead process left half-made is discarded.
 * @param name must change whenever `make` would make something else
 */
export async function madeOnce(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(downloadFolder(), name);
  if (existsSync(folder)) return folder;
  mkdirSync(downloadFolder(), { recursive: true });
  const release = await acquireLock(`${folder}.lock`, { patience, work: `the download of ${name}` }).catch((error: unknown) => {
    if (!(error instanceof TandemError)) throw error;
    throw new Error(`Another process has been making ${folder} for ten minutes. If it hangs, end it and try again.`, { cause: error });
  });
  try {
    if (existsSync(folder)) return folder;
    const half = `${folder}.half`;
    rmSync(half, { recursive: true, force: true });
    mkdirSync(half);
    console.log(`Fetching ${name} for the tests, once, into ${downloadFolder()}`);
    await make(half);
    renameSync(half, folder);
    return folder;
  } finally {
    release();
  }
}

/** Installs packages without running any of their scripts. If none is named, installs what the folder's own package.json needs. */
export async function npmInstall(folder: string, ...packages: string[]): Promise<void> {
  const manifest = join(folder, 'package.json');
  if (!existsSync(manifest)) writeFileSync(manifest, '{ "private": true }\n');
  const quiet = ['--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
  const args = ['install', '--prefix', folder, '--ignore-scripts', '--omit=dev', ...quiet, ...packages];
  // One quoted string, because a shell would not keep separate arguments apart. Windows needs the shell to find npm.
  const command = ['npm', ...args.map((word) => JSON.stringify(word))].join(' ');
  await output(command, folder).catch((error: Error) => {
    throw new Error(`npm could not install ${packages.join(' ') || `what ${manifest} needs`}: ${error.message}`);
  });
}

/** Runs a command in a shell. @returns its output. @throws with the end of its output if it fails */
export function output(command: string, cwd?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, { cwd, shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (more: string) => (text += more));
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(text) : reject(new Error(text.trim().slice(-2000) || `code ${code}`))));
  });
}
