/**
 * @file `npm run vscode [-- --server] [folder]` opens a folder, by default the sample workspace, with the extension of this checkout: in the
 * desktop VS Code if there is one, otherwise in a VS Code server and the browser until Ctrl-C.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { windowUrl } from './page.ts';
import { root, sample } from './paths.ts';
import { startServer } from './server.ts';

const args = process.argv.slice(2);
const workspace = resolve(args.find((word) => !word.startsWith('--')) ?? sample);
const desktop = args.includes('--server') ? undefined : ['code', 'code-insiders', 'codium'].find(starts);
if (desktop) {
  console.log(`Opening ${workspace} in ${desktop}, with the extension of this checkout.`);
  spawnSync(desktop, [`--extensionDevelopmentPath=${root}`, workspace], { stdio: 'inherit', shell: process.platform === 'win32' });
  console.log(`${workspace} is open in ${desktop}.`);
} else {
  console.log('There is no desktop VS Code, so a VS Code server starts with the extension of this checkout and opens in your browser.');
  console.log('This takes about a minute: the first time, the server is downloaded and unpacked; each time, it has to start.');
  const server = await startServer({ version: 'latest', extension: 'checkout', forTests: false });
  const url = windowUrl({ server, workspace });
  console.log(`${workspace} is open at\n${url}\nCtrl-C ends the server.`);
  showInBrowser(url);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await server.stop();
}

function starts(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore', shell: process.platform === 'win32' }).status === 0;
}

/** Opens the user's browser. If there is none, the address has already been printed. */
function showInBrowser(url: string): void {
  const [program, ...before] = { darwin: ['open'], win32: ['cmd', '/c', 'start', ''] }[process.platform as string] ?? ['xdg-open'];
  const child = spawn(program, [...before, url], { stdio: 'ignore', detached: true });
  child.on('error', () => {});
  child.unref();
}
