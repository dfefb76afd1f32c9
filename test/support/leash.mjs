/**
 * @file `node leash.mjs <folder> <command> [arguments]` runs a command in its own process group. When the command ends, or when the starting
 * process closes the standard input or dies, the whole group is killed and the folder is removed.
 */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

const [folder, command, ...args] = process.argv.slice(2);

// Ctrl-C also reaches the starting process, which decides what to do.
for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => {});
process.on('SIGTERM', () => end(1));
process.stdin.on('close', () => end(0)).resume();
const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });
child.on('error', (error) => {
  console.error(error.message);
  end(1);
});
child.on('exit', (code) => end(code ?? 1));

/** @param {number} code */
function end(code) {
  try {
    if (child.pid) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group no longer exists.
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  process.exit(code);
}
