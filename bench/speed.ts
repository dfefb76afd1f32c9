/**
 * @file Speed: Tandem compared with PyTorch + PEFT, transformers and llama.cpp on the same token ids, one repetition of each in turn.
 * `npm run bench -- speed [--peers PYTHON] [--hf DIR] [--gguf FILE]... [--repetitions 5] [--case 4x128,gen] [--micro N] [--all]
 * [--busy 0.05] [--out FILE]`
 * Without --peers, Tandem runs alone. Needs Linux, because it reads used cores and memory from /proc. The line protocol: bench/peers/README.md.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { EndedEarly, player, type Player, type Repetition } from './cases/lineProtocol.ts';
import { speedCases, type Case, type Peer } from './cases/speedCases.ts';
import { quiet, report, type Measurement, type Results, type Side } from './cases/speedTable.ts';
import { serve } from './cases/tandemSide.ts';
import { loadOnnxRuntime } from '../src/tensor/onnxruntimeLibrary.ts';

const { values: options } = parseArgs({
  options: {
    /** A Python with the packages of bench/peers/requirements.txt. */
    peers: { type: 'string' },
    hf: { type: 'string', default: '../cache/smollm2-hf' },
    gguf: { type: 'string', multiple: true, default: ['../cache/smollm2-q4_0.gguf', '../cache/smollm2-bf16.gguf'] },
    repetitions: { type: 'string', default: '5' },
    case: { type: 'string' },
    /** Rows that PEFT processes at a time in prefix256x32. Fewer than its default of 16 need less memory. */
    micro: { type: 'string' },
    /** Includes peers that are not part of any target. */
    all: { type: 'boolean', default: false },
    /** Cores that other processes may use during a repetition that counts. */
    busy: { type: 'string', default: String(quiet) },
    /** A .json file; the table is written next to it as .md. */
    out: { type: 'string', default: 'bench/results/speed.json' },
    /** Internal: acts as the Tandem side of this case. */
    serve: { type: 'string' },
  },
});

const cases = speedCases(options);

/** @returns undefined if the machine was never quiet enough; if the peer ended early, the pairs until then */
async function measure({ name }: Case, peer: Peer | undefined, facts: Pick<Measurement, 'versions'>): Promise<Measurement | undefined> {
  const [wanted, busyLimit] = [Number(options.repetitions), Number(options.busy)];
  const players: Player[] = [];
  const pairs: Repetition[][] = [];
  let dropped = 0;
  let endedEarly: string | undefined;
  try {
    players.push(await player(process.execPath, [...process.execArgv, process.argv[1], '--serve', name, '--hf', options.hf]));
    if (peer && options.peers) players.push(await player(options.peers, [`bench/peers/${peer.script}`, ...peer.args]));
    while (pairs.length < wanted && dropped < 3 * wanted) {
      const pair: Repetition[] = [];
      for (const one of players) {
        // The other side's threads keep spinning for a moment after their last barrier.
        await sleep(500);
        pair.push(await one.repeat());
      }
      const counts = pair.every((repetition) => repetition.other_cores <= busyLimit);
      if (counts) pairs.push(pair);
      else dropped++;
      const said = pair.map((repetition) => `${repetition.seconds.toFixed(2)} s (others ${repetition.other_cores.toFixed(2)} cores)`);
      console.error(`${name}, ${peer?.name ?? 'alone'}: ${said.join(' | ')}${counts ? '' : ' dropped'}`);
    }
  } catch (error) {
    // If a peer ends, that is a result. If Tandem's side ends, that is a fault.
    if (!(error instanceof EndedEarly) || error.command !== options.peers) throw error;
    console.error(error.message);
    endedEarly = error.how;
  } finally {
    for (const one of players) await one.end();
  }
  if (!pairs.length && !endedEarly) return undefined;
  const [tandem, other] = pairs.length ? players.map((_, side) => sideOf(pairs.map((pair) => pair[side]))) : [];
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
    ...(endedEarly && { endedEarly }),
    ...(tandem && { tandem }),
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

/** Settings of OpenMP, which change the peers' times. */
const threadSettings = (): string[] =>
  Object.entries(process.env).flatMap(([name, value]) => (/^G?OMP_|^MKL_/.test(name) ? [`${name}=${value}`] : []));

async function versions(): Promise<string> {
  const { env } = await loadOnnxRuntime();
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

/**
 * Measures the requested cases. Keeps the other cases of the results file if they are from this machine. A peer that ended early gets a row
 * that says so, and the exit status is 1.
 */
async function main(): Promise<void> {
  const wanted = options.case?.split(',') ?? cases.map(({ name }) => name);
  const unknown = wanted.find((name) => !cases.some((asked) => asked.name === name));
  if (unknown) throw new Error(`There is no case ${unknown}; there are ${cases.map(({ name }) => name).join(', ')}.`);
  // The 32 rows must be split into equal parts, because train_lora.py gives its parts equal weight.
  if (options.micro !== undefined && !['1', '2', '4', '8', '16', '32'].includes(options.micro)) {
    throw new Error(`--micro is 1, 2, 4, 8, 16 or 32, not '${options.micro}'.`);
  }
  const facts = { versions: await versions() };
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
        ({ case: name, peer }) => name !== asked.name || (peer !== measurement.peer && (peer !== '' || !measurement.tandem)),
      );
      results = { ...results, measurements: [...others, measurement] };
      writeFileSync(options.out, JSON.stringify(results, null, 2));
      writeFileSync(page, report(cases, results));
      spawnSync(process.execPath, ['node_modules/prettier/bin/prettier.cjs', '--write', options.out, page]);
      measured = true;
      if (measurement.endedEarly) process.exitCode = 1;
    }
  }
  if (measured) console.log(readFileSync(page, 'utf8'));
  else process.exitCode = 1;
}

const served = cases.find(({ name }) => name === options.serve);
await (served ? serve(served.load, options.hf) : main());
