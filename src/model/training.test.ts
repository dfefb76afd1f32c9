/** @file Gradients on the tiny model, compared with finite differences and with each other. transformerGraph.test.ts compares them with PyTorch's. */
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { randomStream } from '../random.ts';
import { onnxRuntimeExecutor } from '../tensor/onnxruntime.ts';
import { initialAdapter, makeAdapter, type Adapter, type LoraConfig } from './adapter.ts';
import { addPenaltyGradient, trainAdapter, weightDrift } from './adapterTraining.ts';
import { makeEngine, type Engine } from './engine.ts';
import { loadModelFiles } from './files/modelFiles.ts';
import { loadAdapter } from './files/peft.ts';
import { batchGradient, type BatchGradient, type TrainingExample } from './training.ts';

// Seconds even on a busy machine.
vi.setConfig({ testTimeout: 30_000 });

const fixture = (name: string): string => new URL(`../../test/fixtures/${name}`, import.meta.url).pathname;
const lora: LoraConfig = { rank: 4, alpha: 8, dropout: 0, targets: ['q_proj', 'v_proj', 'down_proj'] };

let engine: Engine;
let tuned: Adapter;
beforeAll(async () => {
  const files = await loadModelFiles(fixture('tiny-tied'));
  engine = makeEngine(files.config, files.weights, onnxRuntimeExecutor({ threads: 1 }));
  tuned = await loadAdapter(fixture('tiny-tied/adapter'));
});

/** Rows whose prompts have nine tokens in common, with answers of one to three. */
const head = [5, 9, 17, 33, 12, 80, 41, 66, 7];
const examples: TrainingExample[] = [
  { prompt: [...head, 50, 51], answer: [20] },
  { prompt: [...head, 52], answer: [21, 22] },
  { prompt: [...head, 53, 54, 55, 56, 57], answer: [20, 30, 31] },
  { prompt: [...head, 58, 50, 60], answer: [23] },
  { prompt: [...head, 61, 62], answer: [21, 24] },
];

/** |a - b| / |b| over all parameters together. */
function distance(a: BatchGradient['gradients'], b: BatchGradient['gradients']): number {
  let [apart, whole] = [0, 0];
  for (const [name, gradient] of b) {
    const other = a.get(name) as Float32Array;
    gradient.forEach((value, i) => {
      apart += (other[i] - value) ** 2;
      whole += value ** 2;
    });
  }
  return Math.sqrt(apart / whole);
}

describe('batches', () => {
  test('a batch that is run in parts has the loss and the gradient of the whole', async () => {
    const whole = await batchGradient(engine, tuned, examples, 0);
    const parts = await batchGradient(engine, tuned, examples, 0, { tokens: 9 + 4 });
    // Own tokens once, and the nine shared ones in each of the three parts.
    expect([whole.tokens, parts.tokens]).toEqual([17 + 9, 17 + 3 * 9]);
    expect(parts.loss).toBeCloseTo(whole.loss, 5);
    expect(distance(parts.gradients, whole.gradients)).toBeLessThan(1e-5);
  });

  test('a sequence of worked examples teaches each of its answers as if it were a separate example', async () => {
    const [first, second, third] = examples;
    const before = [...first.prompt, ...first.answer, 3, ...second.prompt];
    const span = (start: number, { answer }: TrainingExample) => ({ start, end: start + answer.length });
    const sequence: TrainingExample = {
      prompt: [...before, ...second.answer, 3, ...third.prompt],
      answer: third.answer,
      earlier: [span(first.prompt.length, first), span(before.length, second)],
    };
    const apart: TrainingExample[] = [first, { prompt: before, answer: second.answer }, { prompt: sequence.prompt, answer: third.answer }];
    const other: TrainingExample = { ...sequence, answer: [40, 41] };
    for (const [together, alone] of [
      [[sequence], apart],
      // Two sequences with the same beginning share no token from which an answer is predicted.
      [
        [sequence, other],
        [...apart, ...apart.slice(0, 2), { ...apart[2], answer: other.answer }],
      ],
    ]) {
      const whole = await batchGradient(engine, tuned, together, 0);
      const parts = await batchGradient(engine, tuned, alone, 0);
      expect(whole.loss).toBeCloseTo(parts.loss, 4);
      expect(distance(whole.gradients, parts.gradients)).toBeLessThan(1e-4);
      expect(whole.tokens).toBeLessThan(parts.tokens);
    }
  });

  test('the gradient of a batch is the mean over its rows, each computed alone', async () => {
    const whole = await batchGradient(engine, tuned, examples, 0);
    const mean = new Map<string, Float32Array>();
    let loss = 0;
    for (const example of examples) {
      const alone = await batchGradient(engine, tuned, [example], 0);
      loss += alone.loss / examples.length;
      for (const [name, gradient] of alone.gradients) {
        mean.set(
          name,
          gradient.map((value, i) => (mean.get(name)?.[i] ?? 0) + value / examples.length),
        );
      }
    }
    expect(loss).toBeCloseTo(whole.loss, 4);
    expect(distance(mean, whole.gradients)).toBeLessThan(1e-4);
  });
});

describe('rows and prefixes with too many pairs of tokens for one run', () => {
  const long: TrainingExample = { prompt: [...head, ...Array.from({ length: 40 }, (_, i) => 20 + ((7 * i) % 70))], answer: [20, 30, 31] };
  /** At most `count` pairs per head. */
  const within = (count: number, of: readonly TrainingExample[], seed = 0, adapter = tuned): Promise<BatchGradient> =>
    batchGradient(engine, adapter, of, seed, { pairs: count * engine.config.heads * engine.config.layers });
  /** The part that depends only on the asked positions. */
  const last = ({ gradients }: BatchGradient): Map<string, Float32Array> =>
    new Map([...gradients].filter(([name]) => new RegExp(`^layers\\.${engine.config.layers - 1}\\.(q|o|gate|up|down)_proj`).test(name)));

  test('a long row has the loss of the whole. Its gradient flows through as many of its last tokens as allowed, and more tokens make it more accurate', async () => {
    const batch = [...examples, long];
    const whole = await batchGradient(engine, tuned, batch, 0);
    const distances: number[] = [];
    for (const own of [4, 16, 32]) {
      // 51 tokens attend to up to 51.
      const cut = await within(own * 51, batch);
      expect(cut.tokens).toBeGreaterThan(whole.tokens);
      expect(cut.loss).toBeCloseTo(whole.loss, 4);
      expect(distance(last(cut), last(whole))).toBeLessThan(1e-4);
      distances.push(distance(cut.gradients, whole.gradients));
    }
    expect(distances[0]).toBeGreaterThan(distances[1]);
    expect(distances[1]).toBeGreaterThan(distances[2]);
    expect(distances[2]).toBeGreaterThan(1e-3);
    expect(last(whole).size).toBeGreaterThan(0);
    expect(distance((await within(42 * 51, batch)).gradients, whole.gradients)).toBeLessThan(1e-4);
  });

  test('a long prefix receives no gradient from the rows that share it', async () => {
    const cut = await within(80, examples);
    const whole = await batchGradient(engine, tuned, examples, 0);
    expect(cut.loss).toBeCloseTo(whole.loss, 4);
    expect(distance(last(cut), last(whole))).toBeLessThan(1e-4);
    expect(distance(cut.gradients, whole.gradients)).toBeGreaterThan(1e-3);
  });

  test('this also works with dropout, and rows that are all long are trained on', async () => {
    const dropping = { ...tuned, config: { ...tuned.config, dropout: 0.3 } };
    const [one, again, other] = [
      await within(200, [long], 1, dropping),
      await within(200, [long], 1, dropping),
      await within(200, [long], 2, dropping),
    ];
    expect(again).toEqual(one);
    expect(distance(other.gradients, one.gradients)).toBeGreaterThan(0.05);
    const whole = await batchGradient(engine, tuned, [long], 0);
    const [near, far] = [await within(40 * 51, [long]), await within(8 * 51, [long])];
    expect(distance(near.gradients, whole.gradients)).toBeLessThan(distance(far.gradients, whole.gradients));
    const training = trainAdapter(engine, tuned, { seed: 0 });
    const losses = [];
    for (let step = 0; step < 12; step++) losses.push((await training.step([long], 5e-3)).loss);
    expect(losses.at(-1)).toBeLessThan(losses[0]);
  });

  test('rows of medium length are run separately if they would have too many pairs together', async () => {
    const whole = await batchGradient(engine, tuned, examples, 0);
    // The longest alone: 7 own tokens that attend to 16. Two of them would be 2 x 7 x 16.
    const parts = await within(7 * 16, examples);
    expect(parts.tokens).toBeGreaterThan(whole.tokens);
    expect(distance(parts.gradients, whole.gradients)).toBeLessThan(1e-5);
  });
});

test("a row that is longer than the model's context is refused, and one that just fits is not", async () => {
  const { maxPositions } = engine.config;
  const row = (tokens: number): TrainingExample => ({ prompt: new Array<number>(tokens - 3).fill(9), answer: [20, 21, 22, 23] });
  expect((await batchGradient(engine, tuned, [row(maxPositions)], 0)).loss).toBeGreaterThan(0);
  await expect(batchGradient(engine, tuned, [examples[0], row(maxPositions + 1)], 0)).rejects.toMatchObject({ reason: 'too-long' });
});

describe('gradients of every weight', () => {
  const weights = [
    'model.embed_tokens.weight',
    'model.layers.0.input_layernorm.weight',
    'model.layers.0.self_attn.q_proj.weight',
    'model.layers.1.self_attn.k_proj.weight',
    'model.layers.1.self_attn.o_proj.weight',
    'model.layers.2.mlp.gate_proj.weight',
    'model.layers.2.mlp.down_proj.weight',
    'model.norm.weight',
  ];

  test.each(weights)('%s agrees with finite differences', async (name) => {
    const { gradients } = await batchGradient(engine, 'weights', examples, 0);
    const gradient = gradients.get(name) as Float32Array;
    const values = engine.weights[name].data as Float32Array;
    const lossAt = async (i: number, value: number): Promise<number> => {
      const before = values[i];
      values[i] = value;
      const { loss } = await batchGradient(engine, 'weights', examples, 0);
      values[i] = before;
      return loss;
    };
    // The entries that matter most, and one at random.
    const largest = [...gradient.keys()].sort((a, b) => Math.abs(gradient[b]) - Math.abs(gradient[a])).slice(0, 3);
    const scale = Math.abs(gradient[largest[0]]);
    for (const i of [...largest, randomStream('entry', name).integer(gradient.length)]) {
      const step = 4e-3;
      const slope = ((await lossAt(i, values[i] + step)) - (await lossAt(i, values[i] - step))) / (2 * step);
      expect(Math.abs(slope - gradient[i]) / scale, `entry ${i}: slope ${slope}, gradient ${gradient[i]}`).toBeLessThan(5e-3);
    }
  });
});

describe('dropout', () => {
  const dropped = (rate: number): Adapter => {
    const { pairs } = initialAdapter(engine.config, lora, 1);
    return makeAdapter({ ...lora, dropout: rate }, pairs);
  };

  test('the same seed drops the same values, another seed drops others', async () => {
    const adapter = makeAdapter({ ...tuned.config, dropout: 0.5 }, tuned.pairs);
    const [first, again, other] = [
      await batchGradient(engine, adapter, examples, 3),
      await batchGradient(engine, adapter, examples, 3),
      await batchGradient(engine, adapter, examples, 4),
    ];
    expect(again.loss).toBe(first.loss);
    expect(distance(again.gradients, first.gradients)).toBe(0);
    expect(other.loss).not.toBe(first.loss);
  });

  test('scaling compensates for what is dropped: the mean over masks is the gradient without dropout', { tags: 'long' }, async () => {
    // While B is zero the loss does not see the masks, and the gradient of B is linear in them.
    const plain = await batchGradient(engine, dropped(0), examples, 0);
    const draws = 150;
    let [along, single] = [0, 0];
    const mean = new Map([...plain.gradients].map(([name, gradient]) => [name, new Float32Array(gradient.length)]));
    for (let seed = 0; seed < draws; seed++) {
      const { loss, gradients } = await batchGradient(engine, dropped(0.3), examples, seed);
      expect(loss).toBeCloseTo(plain.loss, 5);
      single += distance(gradients, plain.gradients) / draws;
      for (const [name, gradient] of gradients) {
        const sum = mean.get(name) as Float32Array;
        const expected = plain.gradients.get(name) as Float32Array;
        gradient.forEach((value, i) => {
          sum[i] += value / draws;
          along += (value * expected[i]) / draws;
        });
      }
    }
    let squares = 0;
    for (const gradient of plain.gradients.values()) gradient.forEach((value) => (squares += value * value));
    expect(single).toBeGreaterThan(0.1);
    expect(distance(mean, plain.gradients)).toBeLessThan((2 * single) / Math.sqrt(draws));
    expect(along / squares).toBeCloseTo(1, 1);
  });
});

describe('the penalty on the change of the weights', () => {
  test('is the sum of the squared entries of (alpha / rank) B A', () => {
    const { rank, alpha } = tuned.config;
    let expected = 0;
    for (const { a, b } of tuned.pairs) {
      const width = a.length / rank;
      for (let row = 0; row < b.length / rank; row++)
        for (let column = 0; column < width; column++) {
          let entry = 0;
          for (let r = 0; r < rank; r++) entry += (alpha / rank) * b[row * rank + r] * a[r * width + column];
          expected += entry ** 2;
        }
    }
    expect(weightDrift(tuned) / expected).toBeCloseTo(1, 6);
    expect(weightDrift(initialAdapter(engine.config, lora, 0))).toBe(0);
  });

  test('has a gradient that agrees with finite differences', () => {
    const { config } = tuned;
    const pairs = tuned.pairs.map((pair) => ({ ...pair, a: pair.a.slice(), b: pair.b.slice() }));
    const penalty = 0.7;
    for (const [place, { layer, linear, a, b }] of pairs.entries()) {
      const nameOf = (matrix: 'a' | 'b'): string => `layers.${layer}.${linear}.${matrix}`;
      const gradients = new Map([
        [nameOf('a'), new Float32Array(a.length).fill(5)],
        [nameOf('b'), new Float32Array(b.length).fill(5)],
      ]);
      addPenaltyGradient(pairs, config.rank, config.alpha, penalty, gradients);
      for (const matrix of ['a', 'b'] as const) {
        const values = pairs[place][matrix];
        const i = randomStream('penalty', place, matrix).integer(values.length);
        const driftAt = (change: number): number => {
          const before = values[i];
          values[i] = before + change;
          const drift = weightDrift({ config, pairs: [pairs[place]] });
          values[i] = before;
          return drift;
        };
        const slope = (penalty * (driftAt(0.01) - driftAt(-0.01))) / 0.02;
        // Existing gradients are added to.
        expect(gradients.get(nameOf(matrix))![i] - 5, `${nameOf(matrix)}[${i}]`).toBeCloseTo(slope, 3);
      }
    }
  });

  test('holds training back', async () => {
    const train = async (weightPenalty: number): Promise<number> => {
      const training = trainAdapter(engine, initialAdapter(engine.config, lora, 1), { seed: 0, weightPenalty });
      for (let step = 0; step < 10; step++) await training.step(examples, 5e-3);
      return weightDrift(training.adapter());
    };
    const [free, held] = [await train(0), await train(10)];
    expect(free).toBeGreaterThan(0);
    expect(held).toBeLessThan(free / 4);
  });
});

describe('training a part of an adapter', () => {
  test('leaves the rest unchanged, to the bit, and changes what may change', async () => {
    const training = trainAdapter(engine, tuned, { seed: 0, weightDecay: 0.01, weightPenalty: 0.1, freedom: { rank: 2, fromLayer: 1 } });
    for (let step = 0; step < 3; step++) await training.step(examples, 1e-2);
    const { rank } = tuned.config;
    for (const [place, { layer, a, b }] of training.adapter().pairs.entries()) {
      const before = tuned.pairs[place];
      const width = a.length / rank;
      const [movedA, movedB] = [a.map((value, i) => Number(value !== before.a[i])), b.map((value, i) => Number(value !== before.b[i]))];
      const free = (component: number): boolean => layer >= 1 && component < 2;
      for (let component = 0; component < rank; component++) {
        const count = (moved: Float32Array, of: (i: number) => number): number =>
          moved.filter((value, i) => value && of(i) === component).length;
        expect(count(movedA, (i) => Math.floor(i / width)) > 0, `layer ${layer}, A ${component}`).toBe(free(component));
        expect(count(movedB, (i) => i % rank) > 0, `layer ${layer}, B ${component}`).toBe(free(component));
      }
    }
  });
});

describe('training an adapter', () => {
  test('raises the likelihood of the answers', async () => {
    const training = trainAdapter(engine, initialAdapter(engine.config, lora, 1), { seed: 0 });
    const losses: number[] = [];
    for (let step = 0; step < 30; step++) losses.push((await training.step(examples, 1e-2)).loss);
    expect(losses[29]).toBeLessThan(losses[0] / 2);
    expect(training.steps).toBe(30);
  });

  test('changes neither the adapter that it started from nor one that was copied out of it', async () => {
    const start = initialAdapter(engine.config, lora, 1);
    const training = trainAdapter(engine, start, { seed: 0 });
    await training.step(examples, 1e-2);
    const early = training.adapter();
    await training.step(examples, 1e-2);
    expect(start).toEqual(initialAdapter(engine.config, lora, 1));
    expect(makeAdapter(early.config, early.pairs).id).toBe(early.id);
    expect(training.adapter().id).not.toBe(early.id);
  });
});
