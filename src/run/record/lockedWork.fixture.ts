/**
 * @file A process that takes a lock repeatedly: `node lockedWork.js <lock> <mark> <rounds> <seed>`. While it holds the lock it holds the
 * mark, which no other process may hold. Now and then it is killed with both. It prints how often it had the lock, and what went wrong.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomStream } from '../../random.ts';
import { acquireLock } from './lock.ts';

const [lock, mark, rounds, seed] = process.argv.slice(2);
const random = randomStream('locked work', Number(seed));
const alive = (pid: number): boolean => {
  try {
    return !!process.kill(pid, 0) && !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z');
  } catch {
    return false;
  }
};
for (let round = 0; round < Number(rounds); round++) {
  const release = await acquireLock(lock, { patience: 60_000, work: 'this test' });
  try {
    writeFileSync(mark, String(process.pid), { flag: 'wx' });
  } catch {
    const other = Number(readFileSync(mark, 'utf8'));
    if (alive(other)) {
      console.log(`${process.pid} has the lock, and ${other} too`);
      process.exit(1);
    }
    writeFileSync(mark, String(process.pid));
  }
  if (random.uniform() < 0.1) process.kill(process.pid, 'SIGKILL');
  await sleep(random.uniform() * 2);
  if (readFileSync(mark, 'utf8') !== String(process.pid)) {
    console.log(`${process.pid} lost the mark while it had the lock`);
    process.exit(1);
  }
  rmSync(mark);
  release();
  await sleep(random.uniform() * 2);
}
console.log('done');
