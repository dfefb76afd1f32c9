/**
 * @file Memory and time of a LoRA step on models of random weights, with the frozen weights as float32 and as int8. Each is a process of its own; their
 * steps take turns, so that a busy machine slows both.
 * `npm run bench -- memory [--shape qwen3-0.6b,smollm2-135m] [--repetitions 5] [--out FILE]`; needs Linux.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { huggingFaceConfig } from '../src/model/files/huggingFaceConfig.ts';
import { writeSafetensors } from '../src/model/files/safetensors.ts';
import { weightShapes } from '../src/model/files/weights.ts';
import { weightBytes } from '../src/model/frozen/formFor.ts';
import { frozenForms, type FrozenFormName } from '../src/model/frozen/table.ts';
import type { ModelShape } from '../src/model/modelShape.ts';
import { randomStream } from '../src/random.ts';
import { player, type Repetition } from './cases/lineProtocol.ts';
import { serve, training } from './cases/tandemSide.ts';

const common = { tiedEmbeddings: true, rmsNormEps: 1e-6, maxPositions: 8192 };
const shapes: Readonly<Record<string, ModelShape>> = {
  'qwen3-0.6b': {
    ...{ vocabularySize: 151936, hiddenSize: 1024, intermediateSize: 3072, layers: 28, heads: 16, keyValueHeads: 8, headSize: 128 },
    ...common,
    ropeTheta: 1e6,
    queryKeyNorm: true,
  },
  'smollm2-135m': {
    ...{ vocabularySize: 49152, hiddenSize: 576, intermediateSize: 1536, layers: 30, heads: 9, keyValueHeads: 3, headSize: 64 },
    ...common,
    ropeTheta: 1e5,
  },
};

const { values: options } = parseArgs({
  options: {
    shape: { type: 'string', default: Object.keys(shapes).join() },
    repetitions: { type: 'string', default: '5' },
    out: { type: 'string', default: 'bench/results/memory.md' },
    /** What one of the processes does. */
    model: { type: 'string' },
    form: { type: 'string', default: 'f32' },
  },
});

if (options.model === undefined) await measureAll();
else await serve(training(4, 0, 128, 8), options.model, frozenForms[options.form as FrozenFormName]);

async function measureAll(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-memory-'));
  const rows: string[] = [];
  try {
    for (const name of options.shape.split(',')) rows.push(...(await measure(name, join(folder, name))));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const heading = ['shape', 'weights as', 'weights, GB', 'peak while loading, GB', 'loaded, GB', 'peak of steps, GB', 'step, s', 'slower'];
  const page = [
    '# Memory of frozen weights',
    `Random weights; one LoRA step (rank 8, all linears) of 4 rows of 128 tokens, 8 of them the answer; two threads. Medians of ${options.repetitions} steps in turn, one process each; GB are 10^9 bytes of resident memory, libraries included; "slower" is the median ratio of the pairs. ${cpus()[0].model}, ${new Date().toISOString().slice(0, 10)}. \`npm run bench -- memory\` writes this page.`,
    [heading, heading.map(() => '---')].map((cells) => `| ${cells.join(' | ')} |`).join('\n') + `\n${rows.join('\n')}`,
  ];
  writeFileSync(options.out, `${page.join('\n\n')}\n`);
  console.log(rows.join('\n'));
}

async function measure(name: string, model: string): Promise<string[]> {
  const shape = shapes[name];
  await writeRandomModel(model, shape);
  const forms = Object.keys(frozenForms) as FrozenFormName[];
  const players = [];
  for (const form of forms) players.push(await player(process.execPath, [process.argv[1], '--model', model, '--form', form]));
  const repetitions: Repetition[][] = forms.map(() => []);
  for (let i = 0; i < Number(options.repetitions); i++)
    for (const [at, each] of players.entries()) repetitions[at].push(await each.repeat());
  for (const each of players) await each.end();
  rmSync(model, { recursive: true });
  return forms.map((form, at) => {
    const all = repetitions[at];
    const { loading_gb: loading = NaN, loaded_gb: loaded = NaN, peak_rss_gb: peak } = all[all.length - 1];
    const seconds = median(all.map((each) => each.seconds));
    const slower = median(all.map((each, i) => each.seconds / repetitions[0][i].seconds)) - 1;
    const gigabytes = [weightBytes(shape, frozenForms[form]) / 1e9, loading, loaded, peak].map((value) => value.toFixed(2));
    return `| ${[name, form, ...gigabytes, seconds.toFixed(2), at === 0 ? '' : `${(100 * slower).toFixed(0)}%`].join(' | ')} |`;
  });
}

/** Every matrix is the beginning of the same random numbers. */
async function writeRandomModel(folder: string, shape: ModelShape): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const weights = [...weightShapes(shape)].map(([weight, sizes]) => ({ weight, sizes, count: sizes.reduce((a, b) => a * b, 1) }));
  const random = randomStream(0, 'memory');
  const numbers = new Float32Array(Math.max(...weights.map(({ count }) => count))).map(() => (random.uniform() - 0.5) / 10);
  const tensors = weights.map(({ weight, sizes, count }) => {
    const data = sizes.length === 2 ? numbers.subarray(0, count) : new Float32Array(count).fill(1);
    return [weight, { shape: sizes, data }] as const;
  });
  await writeSafetensors(join(folder, 'model.safetensors'), tensors, { format: 'pt' }, 'F16');
  writeFileSync(join(folder, 'config.json'), JSON.stringify(huggingFaceConfig(shape)));
  copyFileSync('test/fixtures/tiny-tied/tokenizer.json', join(folder, 'tokenizer.json'));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}
