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
import { onnxRuntimeExecutor } from '../src/tensor/onnxruntime.ts';

/** Cores in use by others; above it, peers slow down more than Tandem does (bench/peers/README.md). */
const quiet = 0.05;

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
    busy: { type: 'string', default: String(quiet) },
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
  readonly load: (engine: Engine, tokenizer: Tokenizer) => Step;
}

const loraTarget = { peakGb: 2.5, tolerance: 0.002 };
const cases: readonly Case[] = [
  { name: '4x128', title: 'train 4x128', speedup: 1.3, ...loraTarget, peers: peft('4x128'), load: training(4, 0, 128, 8) },
  {
    name: 'prefix256x16',
    title: 'train 256 + 16 x 24',
    speedup: 8,
    ...loraTarget,
    peers: peft('prefix256x16'),
    load: training(16, 256, 24, 2),
  },
  {
    name: 'prefix256x32',
    title: 'train 256 + 32 x 24',
    speedup: 12,
    ...loraTarget,
    peers: peft('prefix256x32'),
    load: training(32, 256, 24, 2),
  },
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

/* The comparison. */

/** What a side's JSON line has at least. */
interface Repetition {
  readonly seconds: number;
  readonly peak_rss_gb: number;
  readonly own_cores: number;
  readonly other_cores: number;
  readonly check: Check;
}

interface Side {
  readonly seconds: readonly number[];
  readonly otherCores: readonly number[];
  readonly peakGb: number;
  readonly check: Check;
}

/** One case beside one peer; the sides' repetitions are pairs. */
interface Measurement {
  readonly case: string;
  readonly peer: string;
  /** Whether the target speaks of this peer. */
  readonly counts: boolean;
  readonly date: string;
  readonly command: string;
  readonly commit: string;
  readonly versions: string;
  readonly busyLimit: number;
  /** Pairs that did not count, because others used the cores. */
  readonly dropped: number;
  readonly tandem: Side;
  readonly other?: Side;
}

interface Results {
  readonly machine: string;
  readonly measurements: readonly Measurement[];
}

interface Player {
  repeat(): Promise<Repetition>;
  end(): Promise<void>;
}

/** Starts a side and waits until it is ready; its stderr is shown only if it fails. */
async function player(command: string, args: readonly string[]): Promise<Player> {
  const child = spawn(command, args, { stdio: 'pipe', env: { ...process.env, HF_HUB_OFFLINE: '1' } });
  const exit = once(child, 'exit');
  // A side that died is reported by what it said, not by the pipe that it left.
  child.stdin.on('error', () => {});
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-4000)));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const line = await lines.next();
    if (line.done) throw new Error(`${[command, ...args].join(' ')} ended early:\n${log}`);
    return line.value;
  };
  while ((await next()) !== 'ready');
  return {
    async repeat() {
      child.stdin.write('\n');
      return JSON.parse(await next()) as Repetition;
    },
    async end() {
      child.stdin.end();
      await exit;
    },
  };
}

/** @returns undefined if the machine was never quiet enough */
async function measure({ name }: Case, peer: Peer | undefined, facts: Pick<Measurement, 'versions'>): Promise<Measurement | undefined> {
  const [wanted, busyLimit] = [Number(options.repetitions), Number(options.busy)];
  const players: Player[] = [];
  const pairs: Repetition[][] = [];
  let dropped = 0;
  try {
    players.push(await player(process.execPath, [...process.execArgv, process.argv[1], '--serve', name, '--hf', options.hf]));
    if (peer && options.peers) players.push(await player(options.peers, [`bench/peers/${peer.script}`, ...peer.args]));
    while (pairs.length < wanted && dropped < 3 * wanted) {
      const pair: Repetition[] = [];
      for (const one of players) {
        // The other side's threads spin a little while after their last barrier.
        await sleep(500);
        pair.push(await one.repeat());
      }
      const counts = pair.every((repetition) => repetition.other_cores <= busyLimit);
      if (counts) pairs.push(pair);
      else dropped++;
      const said = pair.map((repetition) => `${repetition.seconds.toFixed(2)} s (others ${repetition.other_cores.toFixed(2)} cores)`);
      console.error(`${name}, ${peer?.name ?? 'alone'}: ${said.join(' | ')}${counts ? '' : ' dropped'}`);
    }
  } finally {
    for (const one of players) await one.end();
  }
  if (!pairs.length) return undefined;
  const [tandem, other] = players.map((_, side) => sideOf(pairs.map((pair) => pair[side])));
  return {
    case: name,
    peer: peer?.name ?? '',
    counts: !!peer && !peer.extra,
    date: new Date().toISOString().slice(0, 10),
    command: [...threadSettings(), 'npm run bench -- speed', ...process.argv.slice(2)].join(' '),
    commit: spawnSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).stdout.trim(),
    ...facts,
    busyLimit,
    dropped,
    tandem,
    ...(other && { other }),
  };
}

function sideOf(repetitions: readonly Repetition[]): Side {
  return {
    seconds: repetitions.map(({ seconds }) => seconds),
    otherCores: repetitions.map(({ other_cores }) => other_cores),
    peakGb: Math.max(...repetitions.map(({ peak_rss_gb }) => peak_rss_gb)),
    check: repetitions[0].check,
  };
}

/** OpenMP's, which change the peers' times. */
const threadSettings = (): string[] =>
  Object.entries(process.env).flatMap(([name, value]) => (/^G?OMP_|^MKL_/.test(name) ? [`${name}=${value}`] : []));

function versions(): string {
  const own = `node ${process.versions.node}, onnxruntime-node ${env.versions.node}`;
  if (!options.peers) return own;
  const packages = ['torch', 'transformers', 'peft', 'llama-cpp-python'];
  const program = `from importlib.metadata import version as v; print(', '.join(f'{p} {v(p)}' for p in ${JSON.stringify(packages)}))`;
  const { status, stdout, stderr, error } = spawnSync(options.peers, ['-c', program], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${options.peers} has not what bench/peers/requirements.txt names: ${error?.message ?? stderr}`);
  return `${own}, ${stdout.trim()}`;
}

function machine(): string {
  const cpu = readFileSync('/proc/cpuinfo', 'utf8');
  const fact = (name: string): string => new RegExp(`^${name}\\s*: (.*)$`, 'm').exec(cpu)?.[1] ?? '?';
  const flags = ['avx2', 'avx512f', 'avx512_bf16', 'avx512_vnni', 'amx_bf16'].filter((flag) => fact('flags').split(' ').includes(flag));
  const model = `${fact('model name')} (family ${fact('cpu family')}, model ${fact('model')}; ${flags.join(', ')})`;
  return `${model}, ${availableParallelism()} cores, ${Math.round(totalmem() / 1e9)} GB`;
}

/* The table. */

const columns = ['case', 'peer', 'Tandem, s', 'peer, s', 'times as fast (min–max)', 'pairs', 'checks', 'peak RSS, GB', 'target'];

function report({ machine, measurements }: Results): string {
  const distinct = (key: 'date' | 'command' | 'commit' | 'versions' | 'busyLimit'): string[] => [
    ...new Set(measurements.map((one) => String(one[key]))),
  ];
  const rows = cases.flatMap((asked) => {
    const own = measurements.filter((measurement) => measurement.case === asked.name);
    const hardest = own
      .filter(({ counts }) => counts)
      .sort((a, b) => ratios(a).median - ratios(b).median)
      .at(0);
    return own.map((measurement) => row(asked, measurement, measurement === hardest));
  });
  return [
    '# Speed',
    '',
    `${machine}; ${distinct('date').join(', ')}; ${distinct('versions').join('; ')}; commit ${distinct('commit').join(', ')}.`,
    '',
    'Medians of repetitions run in turn, two threads; times as fast: the median of the pairs’ ratios. A pair counts if other processes',
    `kept at most ${distinct('busyLimit').join(' or ')} cores busy. Speed targets are held against PEFT and transformers in f32, in generation against the`,
    'fastest of llama.cpp’s files and batches; the other peers are there for orientation. Peak RSS: Tandem, then the peer.',
    '',
    `| ${columns.join(' | ')} |`,
    `|${' --- |'.repeat(columns.length)}`,
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
    '',
    '```sh',
    ...distinct('command'),
    '```',
    '',
  ].join('\n');
}

function row(asked: Case, measurement: Measurement, hardest: boolean): string[] {
  const { tandem, other, peer, dropped } = measurement;
  const { median: times, low, high } = ratios(measurement);
  const verdict = (text: string, met: boolean | undefined): string =>
    `${text} ${met === undefined ? 'not judged' : met ? 'met' : '**missed**'}`;
  const targets = [
    ...(hardest ? [verdict(`≥ ${asked.speedup}x`, measurement.busyLimit > quiet ? undefined : times >= asked.speedup)] : []),
    ...(asked.peakGb ? [verdict(`≤ ${asked.peakGb} GB`, tandem.peakGb <= asked.peakGb)] : []),
  ];
  return [
    asked.title,
    peer || '–',
    median(tandem.seconds).toFixed(2),
    other ? median(other.seconds).toFixed(2) : '–',
    other ? `${times.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})` : '–',
    `${tandem.seconds.length}${dropped ? `, ${dropped} dropped` : ''}`,
    other
      ? agreement(asked.tolerance, tandem.check, other.check)
      : [tandem.check]
          .flat()
          .map((value) => rounded(value, 3))
          .join(', '),
    [tandem, ...(other ? [other] : [])].map((side) => side.peakGb.toFixed(2)).join(' / '),
    targets.join('; ') || '–',
  ];
}

/** How many times the peer's time is Tandem's, over pairs. */
function ratios({ tandem, other }: Measurement): { readonly median: number; readonly low: number; readonly high: number } {
  const each = tandem.seconds.map((seconds, i) => (other?.seconds[i] ?? NaN) / seconds);
  return { median: median(each), low: Math.min(...each), high: Math.max(...each) };
}

function agreement(tolerance: Case['tolerance'], ours: Check, theirs: Check): string {
  const other = [theirs].flat();
  const differences = [ours].flat().map((value, i) => Math.abs(value - other[i]));
  if (tolerance === 'tokens') return `${differences.filter((difference) => difference === 0).length} of ${differences.length} tokens agree`;
  const most = Math.max(...differences);
  return most <= tolerance ? 'agree' : `differ by ${most.toPrecision(2)}`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
}

/** Measures cases that are asked for; of the results file it keeps the others, if they are of this machine. */
async function main(): Promise<void> {
  const wanted = options.case?.split(',') ?? cases.map(({ name }) => name);
  const unknown = wanted.find((name) => !cases.some((asked) => asked.name === name));
  if (unknown) throw new Error(`There is no case ${unknown}; there are ${cases.map(({ name }) => name).join(', ')}.`);
  const facts = { versions: versions() };
  const known = existsSync(options.out) ? (JSON.parse(readFileSync(options.out, 'utf8')) as Results) : undefined;
  const here = machine();
  let measured = false;
  let results: Results = known?.machine === here ? known : { machine: here, measurements: [] };
  const page = options.out.replace(/\.json$/, '') + '.md';
  mkdirSync(dirname(options.out), { recursive: true });
  for (const asked of cases.filter(({ name }) => wanted.includes(name))) {
    const peers = options.peers ? asked.peers.filter(({ extra }) => options.all || !extra) : [undefined];
    for (const peer of peers) {
      const measurement = await measure(asked, peer, facts);
      if (!measurement) {
        console.error(`${asked.name}: others kept the cores busy; not measured.`);
        continue;
      }
      const others = results.measurements.filter(
        ({ case: name, peer }) => name !== asked.name || (peer !== measurement.peer && peer !== ''),
      );
      results = { ...results, measurements: [...others, measurement] };
      writeFileSync(options.out, JSON.stringify(results, null, 2));
      writeFileSync(page, report(results));
      spawnSync(process.execPath, ['node_modules/prettier/bin/prettier.cjs', '--write', options.out, page]);
      measured = true;
    }
  }
  if (measured) console.log(readFileSync(page, 'utf8'));
  else process.exitCode = 1;
}

const served = cases.find(({ name }) => name === options.serve);
await (served ? serve(served) : main());
