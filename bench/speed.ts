/**
 * @file Speed: Tandem beside PyTorch + PEFT, transformers and llama.cpp on the same token ids, a repetition of each in turn.
 * `npm run bench -- speed [--peers PYTHON] [--hf DIR] [--gguf FILE]... [--repetitions 5] [--case 4x128,gen] [--all] [--busy 0.05] [--out FILE]`
 * Without --peers Tandem runs alone. Needs Linux: cores and memory in use are read from /proc. The line protocol: bench/peers/README.md.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { basename, dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { env } from 'onnxruntime-node';
import { initialAdapter, linearNames } from '../src/model/adapter.ts';
import { trainAdapter } from '../src/model/adapterTraining.ts';
import { makeEngine, type Engine } from '../src/model/engine.ts';
import { generate } from '../src/model/generation.ts';
import { loadModelFiles } from '../src/model/modelFiles.ts';
import { makePrefixCache } from '../src/model/prefixCache.ts';
import { score } from '../src/model/scoring.ts';
import type { Tokenizer } from '../src/model/tokenizer.ts';

const { values: options } = parseArgs({
  options: {
    /** The Python that has bench/peers/requirements.txt. */
    peers: { type: 'string' },
    hf: { type: 'string', default: '../cache/smollm2-hf' },
    gguf: { type: 'string', multiple: true, default: ['../cache/smollm2-q4_0.gguf', '../cache/smollm2-bf16.gguf'] },
    repetitions: { type: 'string', default: '5' },
    case: { type: 'string' },
    /** Also peers that no target speaks of. */
    all: { type: 'boolean', default: false },
    /** Cores that other processes may keep busy during a repetition that counts. */
    busy: { type: 'string', default: '0.05' },
    /** A .json file; the table goes beside it as .md. */
    out: { type: 'string', default: 'bench/results/speed.json' },
    /** Hidden: be the Tandem side of this case. */
    serve: { type: 'string' },
  },
});

/** What a side says of a repetition's result: a loss, log-probabilities or tokens. */
type Check = number | readonly number[];
type Step = () => Promise<Check>;

interface Peer {
  readonly name: string;
  readonly script: string;
  readonly args: readonly string[];
  /** Run with --all only; no target speaks of it. */
  readonly extra?: true;
}

interface Case {
  readonly name: string;
  readonly title: string;
  /** Times as fast as the fastest peer that counts. */
  readonly speedup: number;
  /** 10^9 bytes at Tandem's peak. */
  readonly peakGb?: number;
  /** By which the sides' checks may differ; tokens must be the same. */
  readonly tolerance: number | 'tokens';
  readonly peers: readonly Peer[];
  load(engine: Engine, tokenizer: Tokenizer): Step;
}

const loraTarget = { peakGb: 2.5, tolerance: 0.002 };
const cases: readonly Case[] = [
  { name: '4x128', title: 'train 4x128', speedup: 1.3, ...loraTarget, peers: peft('4x128'), load: training(4, 0, 128, 8) },
  { name: 'prefix256x16', title: 'train 256 + 16 x 24', speedup: 8, ...loraTarget, peers: peft('prefix256x16'), load: training(16, 256, 24, 2) },
  { name: 'prefix256x32', title: 'train 256 + 32 x 24', speedup: 12, ...loraTarget, peers: peft('prefix256x32'), load: training(32, 256, 24, 2) },
  {
    name: 'score',
    title: 'score 64 rows, 6 labels',
    speedup: 5,
    tolerance: 0.01,
    peers: [...transformers('score'), ...llama('score', [16]).map((peer) => ({ ...peer, extra: true as const }))],
    load: scoring,
  },
  {
    name: 'gen',
    title: 'generate 64 rows x 4 tokens',
    speedup: 1,
    tolerance: 'tokens',
    peers: [...llama('gen', [16, 32]), ...transformers('gen').map((peer) => ({ ...peer, extra: true as const }))],
    load: generating,
  },
];

function peft(name: string): Peer[] {
  const peer = { script: 'train_lora.py', args: [options.hf, '--case', name] };
  return [
    { ...peer, name: 'PEFT f32' },
    { ...peer, name: 'PEFT f32, logits at labels only', args: [...peer.args, '--keep'], extra: true },
    { ...peer, name: 'PEFT bf16', args: [...peer.args, '--dtype', 'bf16'], extra: true },
  ];
}

function transformers(name: string): Peer[] {
  const peer = { script: 'eval_rows.py', args: ['hf', options.hf, name] };
  return [
    { ...peer, name: 'transformers f32' },
    { ...peer, name: 'transformers bf16', args: [...peer.args, '--dtype', 'bf16'], extra: true },
  ];
}

function llama(name: string, batches: readonly number[]): Peer[] {
  return options.gguf.flatMap((file) =>
    batches.map((batch) => ({
      name: `llama.cpp ${basename(file, '.gguf').replace(/^.*-/, '')}, batch ${batch}`,
      script: 'eval_rows.py',
      args: ['llama', file, name, '--batch', String(batch)],
    })),
  );
}

/* The Tandem side: the work of bench/peers/*.py on the same ids. */

const prefixLength = 256;
const ownLength = 24;
const evaluatedRows = 64;

/** LoRA as PEFT's in train_lora.py; torch's AdamW decays weights by 0.01. The peers' loss is a mean over tokens, ours over rows. */
function training(rows: number, shared: number, own: number, label: number): Case['load'] {
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

function scoring(engine: Engine): Step {
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

/** Like the peers, past end tokens. */
function generating(engine: Engine, tokenizer: Tokenizer): Step {
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

/** The ids of peer.py, from the stream's beginning. */
function ids(): (count: number) => number[] {
  let x = 1;
  return (count) =>
    Array.from({ length: count }, () => {
      x = (x * 1664525 + 1013904223) % 2 ** 32;
      return 100 + (Math.floor(x / 2 ** 16) % 48900);
    });
}

/** Is a peer: warms up, prints `ready`, then a repetition and a JSON line for each line of stdin. */
async function serve({ load }: Case): Promise<void> {
  const { config, weights, tokenizer } = await loadModelFiles(options.hf);
  const engine = makeEngine(config, weights, { ...(await executor()) });
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
      peak_rss_gb: peakGb(),
      own_cores: rounded(own / seconds, 2),
      other_cores: rounded(Math.max(0, busySeconds() - busy - own) / seconds, 2),
      check,
    };
    console.log(JSON.stringify(repetition));
  }
  await engine.dispose();
}

/** CPU seconds of the whole machine, and those stolen from it by its host; Linux counts them in hundredths. */
function busySeconds(): number {
  const [user, nice, system, , , irq, soft, steal] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0].split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + soft + steal) / 100;
}

const peakGb = (): number => rounded((Number(/VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024) / 1e9, 3);

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));
