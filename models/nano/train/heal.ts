/**
 * @file Trains the cut model until it is nano: `npm run nano -- heal [--tokens 4000000] [--rate 5e-4] [--format Q4_0]`.
 * Reads .work/student and .work/teacher. Writes .work/heal/ (checkpoint, loss.jsonl) and continues from there if it is started again.
 * The last third trains through the rounding of the stored format (straight-through estimator, Bengio et al. 2013).
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { adamWDefaults, adamWStep, clipGradients, noMoments, type Moments } from '../../../src/model/adamw.ts';
import { makeEngine } from '../../../src/model/engine.ts';
import { loadModelFiles } from '../../../src/model/files/modelFiles.ts';
import { roundedTo, type EncodedFormat } from '../../../src/model/files/numberEncoders.ts';
import { readSafetensors, writeSafetensors } from '../../../src/model/files/safetensors.ts';
import { onnxRuntimeExecutor } from '../../../src/tensor/onnxruntime.ts';
import { readInstructions, readTasks, readTexts } from './corpus.ts';
import { distillationGradient } from './distillation.ts';
import { episode } from './episodes.ts';
import { formatOf, trainingSeed, work } from './settings.ts';

const { values: options } = parseArgs({
  options: {
    tokens: { type: 'string', default: '4000000' },
    rate: { type: 'string', default: '5e-4' },
    episodes: { type: 'string', default: '16' },
    student: { type: 'string', default: join(work, 'student') },
    out: { type: 'string', default: join(work, 'heal') },
    threads: { type: 'string', default: '2' },
    /** The share of the tokens after which training goes through the rounding. */
    roundFrom: { type: 'string', default: '0.67' },
    /** Seconds between checkpoints. */
    every: { type: 'string', default: '300' },
  },
});
const allTokens = Number(options.tokens);
const checkpoint = join(options.out, 'checkpoint.safetensors');
const lossLog = join(options.out, 'loss.jsonl');
mkdirSync(options.out, { recursive: true });

const executor = onnxRuntimeExecutor({ threads: Number(options.threads) });
const teacherFiles = await loadModelFiles(join(work, 'teacher'));
const teacher = makeEngine(teacherFiles.config, teacherFiles.weights, executor);
const studentFiles = await loadModelFiles(options.student);
/** The weights in full precision. The engine may compute with rounded copies. */
const values = new Map([...studentFiles.weights].map(([name, { data }]) => [name, data]));
const student = makeEngine(studentFiles.config, studentFiles.weights, executor);
const moments = noMoments();
const source = { tasks: readTasks(), rows: readInstructions('train'), texts: readTexts(), tokenizer: teacherFiles.tokenizer };

let { tokens, drawn } = await goOn(values, moments);
let saved = Date.now();
let seconds = 0;
while (tokens < allTokens) {
  const begun = performance.now();
  const batch = Array.from({ length: Number(options.episodes) }, () => episode(source, trainingSeed, drawn++));
  const rounding = tokens >= Number(options.roundFrom) * allTokens;
  for (const [name, { shape }] of studentFiles.weights) {
    const format = rounding ? formatOf(name) : 'F32';
    (student.weights as Record<string, unknown>)[name] = { shape, data: format === 'F32' ? values.get(name) : rounded(name, format) };
  }
  const { soft, hard, gradients, tokens: seen } = await distillationGradient(student, teacher, batch);
  const norm = clipGradients(gradients, 1);
  const rate = Number(options.rate) * scheduled(tokens / allTokens);
  adamWStep(values, gradients, moments, rate, { ...adamWDefaults, beta2: 0.98 });
  tokens += seen;
  seconds += (performance.now() - begun) / 1000;
  const line = {
    step: moments.step,
    tokens,
    soft: round(soft),
    hard: round(hard),
    norm: round(norm),
    rate,
    perSecond: Math.round((seen * 1000) / (performance.now() - begun)),
  };
  appendFileSync(lossLog, `${JSON.stringify(line)}\n`);
  if (moments.step % 10 === 0) console.log(JSON.stringify(line));
  if (Date.now() - saved > 1000 * Number(options.every)) {
    await save();
    saved = Date.now();
  }
}
await save();
console.log(`${tokens} tokens, ${Math.round(seconds)} s in this process: ${checkpoint}`);

/**
 * The learning rate as a share of its maximum: a warm-up over the first fortieth, then constant, then a linear decay to a thirtieth over the
 * last two fifths. This shape allows moving the end during training.
 */
function scheduled(done: number): number {
  if (done < 0.025) return (done + 0.001) / 0.026;
  return Math.min(1, 1 / 30 + (29 / 30) * ((1 - done) / 0.4));
}

function rounded(name: string, format: EncodedFormat): Float32Array {
  return roundedTo(format, values.get(name)!);
}

async function save(): Promise<void> {
  const shapes = new Map([...studentFiles.weights].map(([name, { shape }]) => [name, shape]));
  const of = (prefix: string, arrays: ReadonlyMap<string, Float32Array>) =>
    [...arrays].map(([name, data]) => [prefix + name, { shape: shapes.get(name)!, data }] as const);
  const all = [...of('', values), ...of('first:', moments.first), ...of('second:', moments.second)];
  await writeSafetensors(checkpoint, [...all, ['progress', { shape: [3], data: Float32Array.of(tokens / 1000, drawn, moments.step) }]]);
}

/** Restores the state of an interrupted training. */
async function goOn(into: ReadonlyMap<string, Float32Array>, { first, second }: Moments): Promise<{ tokens: number; drawn: number }> {
  if (!existsSync(checkpoint)) return { tokens: 0, drawn: 0 };
  const all = await readSafetensors(checkpoint);
  for (const [name, value] of into) {
    value.set(all.get(name)!.data);
    first.set(name, all.get(`first:${name}`)!.data);
    second.set(name, all.get(`second:${name}`)!.data);
  }
  const [thousands, drawn, step] = all.get('progress')!.data;
  moments.step = step;
  // The steps after the checkpoint are repeated.
  const lines = readFileSync(lossLog, 'utf8').split('\n').slice(0, step);
  writeFileSync(lossLog, lines.map((line) => `${line}\n`).join(''));
  console.log(`goes on after ${step} steps`);
  return { tokens: Math.round(thousands * 1000), drawn };
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
