/** @file `npm start`, from a fresh clone to a first optimized prompt: installs what is missing, builds, and optimizes examples/support. */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const installed = 'node_modules/.package-lock.json';
const stale = !existsSync(installed) || statSync(installed).mtimeMs < statSync('package-lock.json').mtimeMs;
// Nothing needs an install script; the one of onnxruntime-node would download files that only GPUs need.
if (stale) run(process.platform === 'win32' ? 'npm.cmd' : 'npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund']);
run(process.execPath, ['esbuild.mjs', '--if-stale', 'cli', 'worker']);
// A token budget takes the same steps on every machine. In this process: a child would keep running when this one is killed.
const [node, , ...more] = process.argv;
process.argv = [node, 'dist/cli.js', 'optimize', 'examples/support/intent.prompt.md', '--budget', '60k', ...more];
await import(pathToFileURL('dist/cli.js').href);

/** @param {string} command @param {string[]} args */
function run(command, args) {
  const { status } = spawnSync(command, args, { stdio: 'inherit', shell: command.endsWith('.cmd') });
  if (status !== 0) process.exit(status ?? 1);
}
