/** @file What the extension costs its host: memory over many evaluations, blocking of the event loop during a run, time at the start. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as vscode from 'vscode';
import { activationMeasure, commandIds, settingIds } from '../../../src/extension/ids.ts';
import { extensionId } from '../../support/extension.ts';
import { writeTinyTask } from '../../support/tinyTask.ts';
import { test } from './runner.ts';

const extension = vscode.extensions.getExtension(extensionId)!;

/** Writes the tiny task into the workspace. */
function tinyPrompt(): vscode.Uri {
  const [{ uri }] = vscode.workspace.workspaceFolders!;
  writeTinyTask(uri.fsPath);
  return vscode.Uri.joinPath(uri, 'kind.prompt.md');
}

/** Calls a command and waits for the job that it starts. */
async function work(command: string, prompt: vscode.Uri): Promise<void> {
  const job = await vscode.commands.executeCommand<{ status: string; error?: Error }>(command, prompt);
  assert.equal(job.status, 'done', job.error?.message);
}

/**
 * Loading and activating take at most 50 ms, so that nobody notices them. The test uses the best of five loads and the one activation. If
 * processor time is less than elapsed time, it counts, because machines are shared. The time that VS Code itself takes is not included.
 */
test('loading and activation take less than 50 ms', async () => {
  await extension.activate();
  const [activation] = performance.getEntriesByName(activationMeasure);
  const require = createRequire(join(extension.extensionPath, 'package.json'));
  const file = require.resolve('./dist/extension.cjs');
  const loads = Array.from({ length: 5 }, () => {
    // The entries include the other parts of the bundle.
    const known = Object.entries(require.cache).filter(([name]) => name.startsWith(file.slice(0, -'.cjs'.length)));
    for (const [name] of known) delete require.cache[name];
    const elapsed = stopwatch();
    require(file);
    const taken = elapsed();
    for (const [name, module] of known) require.cache[name] = module;
    return taken;
  });
  const { cpu } = (activation as unknown as { detail: { cpu: number } }).detail;
  const [load, activate] = [Math.min(...loads), Math.min(activation.duration, cpu)];
  console.log(`loading ${load.toFixed(1)} ms, activation ${activate.toFixed(1)} ms`);
  assert.ok(load + activate < 50, `loading took ${load} ms, activation ${activate} ms`);
});

/**
 * An evaluation must leave less memory behind than its own result, which takes some 5 kB here. So 80 evaluations may leave 400 kB. The
 * first 20 fill caches. VS Code itself sometimes moves the heap by up to 2 MB, so one step over the limit is forgiven: a leak continues in
 * the next 80.
 */
test('the heap of the extension host does not grow over a hundred evaluations', async () => {
  const prompt = tinyPrompt();
  const heapAfter = async (evaluations: number): Promise<Heap> => {
    for (let i = 0; i < evaluations; i++) await work(commandIds.evaluate, prompt);
    return heapInUse();
  };
  const heaps = [await heapAfter(20)];
  const grown = (): number => heaps.at(-1)!.bytes - heaps.at(-2)!.bytes;
  do heaps.push(await heapAfter(80));
  while (grown() >= 400_000 && heaps.length < 4);
  const told = heaps.map(({ bytes }, place) => `${megabytes(bytes)} MB after ${20 + 80 * place}`).join(', ');
  console.log(`the heap: ${told}`);
  const where = Object.entries(heaps.at(-1)!.spaces).map(([name, bytes]) => `${name} ${megabytes(bytes - heaps.at(-2)!.spaces[name])} MB`);
  assert.ok(grown() < 400_000, `it grew on and on: ${told} evaluations; at last ${where.join(', ')}`);
});

/** A person who is typing notices 50 ms. */
test('a run never blocks the event loop of the extension host for 50 ms', async () => {
  const prompt = tinyPrompt();
  const [section, name] = settingIds.budget.split(/\.(?=\w+$)/);
  await vscode.workspace.getConfiguration(section, prompt).update(name, '400k', vscode.ConfigurationTarget.Workspace);
  const watch = watchLoop();
  await work(commandIds.optimize, prompt);
  const { longest, turns } = watch.end();
  console.log(`the longest of ${turns} turns of the event loop took ${longest.toFixed(1)} ms of CPU`);
  assert.ok(longest < 50, `one took ${longest} ms`);
});

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(2);

/** In bytes, in total and for each heap space of V8. */
interface Heap {
  readonly bytes: number;
  readonly spaces: Readonly<Record<string, number>>;
}

/** Measures after garbage collection, and after the 8 seconds for which the status bar keeps an evaluation's message. */
async function heapInUse(): Promise<Heap> {
  await sleep(8500);
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let times = 0; times < 4; times++) {
    collect();
    await sleep(200);
  }
  const spaces = Object.fromEntries(getHeapSpaceStatistics().map(({ space_name, space_used_size }) => [space_name, space_used_size]));
  return { bytes: process.memoryUsage().heapUsed, spaces };
}

/** Elapsed milliseconds, or the processor time of this process if that is less, because it may have to wait on a shared machine. */
function stopwatch(): () => number {
  const [at, used] = [performance.now(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(used);
    return Math.min(performance.now() - at, (user + system) / 1000);
  };
}

function watchLoop(): { end: () => { longest: number; turns: number } } {
  let [longest, turns] = [0, 0];
  let elapsed = stopwatch();
  const timer = setInterval(() => {
    longest = Math.max(longest, elapsed());
    turns++;
    elapsed = stopwatch();
  }, 5);
  return {
    end: () => {
      clearInterval(timer);
      return { longest, turns };
    },
  };
}
