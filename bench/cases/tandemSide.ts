/** @file Tandem's side of the line protocol: the same work as bench/peers/*.py on the same ids. */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { initialAdapter } from '../../src/model/adapter.ts';
import { linearNames } from '../../src/model/linears.ts';
import { trainAdapter } from '../../src/model/adapterTraining.ts';
import { makeEngine, type Engine } from '../../src/model/engine.ts';
import { generate } from '../../src/model/generation.ts';
import { loadFrozen } from '../../src/model/files/modelFiles.ts';
import { f32 } from '../../src/model/frozen/f32.ts';
import type { FrozenForm } from '../../src/model/frozen/frozenForm.ts';
import { makePrefixCache } from '../../src/model/prefixCache.ts';
import { score } from '../../src/model/scoring.ts';
import type { Tokenizer } from '../../src/model/tokenizer.ts';
import { onnxRuntimeExecutor } from '../../src/tensor/onnxruntime.ts';
import type { Check, Repetition } from './lineProtocol.ts';

type Step = () => Promise<Check>;

/** Prepares the work of a case. The step is one repetition of it. */
export type Load = (engine: Engine, tokenizer: Tokenizer) => Step;

const prefixLength = 256;
const ownLength = 24;
const evaluatedRows = 64;

/** Acts as a peer: warms up, prints `ready`, then runs a repetition and prints a JSON line for each line of stdin. */
export async function serve(load: Load, modelFolder: string, form: FrozenForm = f32): Promise<void> {
  const { config, weights, tokenizer } = await loadFrozen(modelFolder, () => form);
  const loading = { loading_gb: peakGb(), loaded_gb: rounded(process.memoryUsage.rss() / 1e9, 3) };
  const engine = makeEngine(config, weights, onnxRuntimeExecutor({ threads: 2 }));
  const step = load(engine, tokenizer);
  const loaded = performance.now();
  const check = await step();
  if (performance.now() - loaded < 10_000) await step();
  console.log('ready');
  for await (const _line of createInterface({ input: process.stdin })) {
    const [busy, cpu, begun] = [busySeconds(), process.cpuUsage(), performance.now()];
    await step();
    const seconds = (performance.now() - begun) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const own = (user + system) / 1e6;
    const repetition: Repetition = {
      seconds: rounded(seconds, 4),
      ...loading,
      peak_rss_gb: peakGb(),
      own_cores: rounded(own / seconds, 2),
      other_cores: rounded(Math.max(0, busySeconds() - busy - own) / seconds, 2),
      check,
    };
    console.log(JSON.stringify(repetition));
  }
  await engine.dispose();
}

/** LoRA as in train_lora.py with PEFT. torch's AdamW decays weights by 0.01. The peers' loss is a mean over tokens, ours over rows. */
export function training(rows: number, shared: number, own: number, label: number): Load {
  return (engine) => {
    const take = ids();
    const prefix = take(shared);
    const examples = Array.from({ length: rows }, () => {
      const tokens = [...prefix, ...take(own)];
      return { prompt: tokens.slice(0, -label), answer: tokens.slice(-label) };
    });
    const start = initialAdapter(engine.config, { rank: 8, alpha: 16, dropout: 0, targets: linearNames }, 0);
    const adapterTraining = trainAdapter(engine, start, { seed: 0, weightDecay: 0.01 });
    return async () => (await adapterTraining.step(examples, 2e-4)).loss / label;
  };
}

export function scoring(engine: Engine): Step {
  const take = ids();
  const prompts = evaluated(take);
  const completions = [1, 1, 2, 2, 3, 3].map(take);
  const cache = makePrefixCache(engine);
  const rows = prompts.map((prompt) => ({ prompt, completions }));
  return async () => {
    cache.forget();
    const [first] = await score(engine, cache, rows, undefined);
    return first.map(({ logLikelihood }) => logLikelihood);
  };
}

/** Like the peers, it continues past end tokens. */
export function generating(engine: Engine, tokenizer: Tokenizer): Step {
  const prompts = evaluated(ids());
  const cache = makePrefixCache(engine);
  const endless = { ...tokenizer, endTokens: [] };
  return async () => {
    cache.forget();
    const greedy = { maxTokens: 4, temperature: 0, topP: 1, stop: [], seed: 0 };
    return (await generate(engine, cache, endless, prompts, greedy))[0].tokens;
  };
}

function evaluated(take: (count: number) => number[]): number[][] {
  const prefix = take(prefixLength);
  return Array.from({ length: evaluatedRows }, () => [...prefix, ...take(ownLength)]);
}

/** The ids of peer.py, from the beginning of the stream. */
function ids(): (count: number) => number[] {
  let x = 1;
  return (count) =>
    Array.from({ length: count }, () => {
      x = (x * 1664525 + 1013904223) % 2 ** 32;
      return 100 + (Math.floor(x / 2 ** 16) % 48900);
    });
}

/** CPU seconds of the whole machine, and those that its host took from it. Linux counts them in hundredths. */
function busySeconds(): number {
  const [user, nice, system, , , irq, soft, steal] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0].split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + soft + steal) / 100;
}

const peakGb = (): number => rounded((Number(/VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024) / 1e9, 3);

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));
