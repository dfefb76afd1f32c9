/** @file A process that executes a fake run: `node killedRun.js <run directory> [die after this many new lines]`. */
import { findRun } from './record/runDirectory.ts';
import { executeRun } from './execute.ts';
import { fakeExecution } from './fakeRun.fixture.ts';

const [path, dieAfter] = process.argv.slice(2);
let lines = 0;
await executeRun(
  fakeExecution(findRun(path, path), (_, replayed) => {
    if (!replayed && ++lines === Number(dieAfter)) process.kill(process.pid, 'SIGKILL');
  }),
);
