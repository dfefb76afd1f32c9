/** @file Parity with transformers, peft and PyTorch on a tiny model of each family; test/fixtures/make_parity.py and make_families.py made the fixtures. */
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { Executor } from '../tensor/executor.ts';
import { onnxRuntimeExecutor } from '../tensor/onnxruntime.ts';
import type { Adapter } from './adapter.ts';
import { makeEngine, stepGraph, variant, type Engine } from './engine.ts';
import { loadModelFiles } from './files/modelFiles.ts';
import { generate } from './generation.ts';
import { commonPrefix, int32, packRows } from './packing.ts';
import { loadAdapter } from './files/peft.ts';
import { logitsOf, openEngine } from './logits.fixture.ts';
import { emptyPast, makePrefixCache } from './prefixCache.ts';
import { score } from './scoring.ts';
import { batchGradient } from './training.ts';

interface Sequences {
  readonly sequences: number[][];
  readonly positions: number[][];
  readonly logits: number[][][];
}
interface LoraFixture extends Sequences {
  readonly rows: { ids: number[]; labels: number[] }[];
  readonly loss: number;
  readonly gradients: Record<string, number[] | number[][]>;
}

const fixture = (name: string): string => new URL(`../../test/fixtures/${name}`, import.meta.url).pathname;
const json = async (name: string): Promise<unknown> => JSON.parse(await readFile(fixture(name), 'utf8'));
const open = (name: string): Promise<Engine> => openEngine(fixture(name));

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i] - b[i]));
  return largest;
}

const families = ['tiny-qwen2', 'tiny-qwen3', 'tiny-mistral', 'tiny-biased'];
const models = ['tiny-tied', 'tiny-untied', 'tiny-llama3', ...families];

describe.each(models)('%s', (name) => {
  test('logits agree with transformers', async () => {
    const engine = await open(name);
    const { sequences, positions, logits } = (await json(`${name}/logits.json`)) as Sequences;
    for (const [i, ids] of sequences.entries()) {
      const ours = await logitsOf(engine, ids, undefined, positions[i]);
      expect(largestDifference(ours, logits[i].flat())).toBeLessThan(1e-3);
    }
  });

  test('logits with a LoRA agree with peft', async () => {
    const engine = await open(name);
    const adapter = await loadAdapter(fixture(`${name}/adapter`));
    const { sequences, positions, logits } = (await json(`${name}/lora.json`)) as LoraFixture;
    for (const [i, ids] of sequences.entries()) {
      const ours = await logitsOf(engine, ids, adapter, positions[i]);
      expect(largestDifference(ours, logits[i].flat())).toBeLessThan(1e-3);
    }
  });

  test('LoRA gradients through the shared prefix agree with PyTorch, which computes every row as a whole', async () => {
    const engine = await open(name);
    const adapter = await loadAdapter(fixture(`${name}/adapter`));
    const { rows, loss, gradients } = (await json(`${name}/lora.json`)) as LoraFixture;
    const examples = rows.map(({ ids, labels }) => {
      const start = labels.indexOf(1);
      return { prompt: ids.slice(0, start), answer: ids.slice(start) };
    });
    expect(commonPrefix(examples.map((example) => example.prompt))).toBeGreaterThan(10);
    const ours = await batchGradient(engine, adapter, examples, 0);
    const perToken = rows.length / examples.reduce((sum, { answer }) => sum + answer.length, 0);
    expect(ours.loss * perToken).toBeCloseTo(loss, 4);
    for (const [theirName, theirs] of Object.entries(gradients)) {
      const [, layer, linear, matrix] = /layers\.(\d+)\.\w+\.(\w+)\.lora_([AB])/.exec(theirName) as RegExpExecArray;
      const mine = (ours.gradients.get(`layers.${layer}.${linear}.${matrix.toLowerCase()}`) as Float32Array).map(
        (value) => value * perToken,
      );
      const flat = theirs.flat();
      const scale = Math.max(...flat.map(Math.abs));
      expect(largestDifference(mine, flat) / scale, theirName).toBeLessThan(1e-3);
    }
  });
});

describe.each(families)('%s, in parts', (name) => {
  interface Greedy {
    readonly prompts: number[][];
    readonly tokens: number[][];
    /** The logits of every eighth step. */
    readonly logits: number[][][];
  }

  test('greedy text over a shared prefix and a cache of keys and values equals that of transformers', async () => {
    const engine = await open(name);
    const { prompts, tokens } = (await json(`${name}/greedy.json`)) as Greedy;
    expect(commonPrefix(prompts)).toBeGreaterThan(3);
    const endless = { ...(await loadModelFiles(fixture(name))).tokenizer, endTokens: [] };
    const options = { maxTokens: tokens[0].length, temperature: 0, topP: 1, stop: [], seed: 0 };
    const written = await generate(engine, makePrefixCache(engine), endless, prompts, options);
    expect(written.map((row) => row.tokens)).toEqual(tokens);
  });

  test('logits agree if the text is computed in pieces: a cached prefix, then tokens after cached tokens', async () => {
    const engine = await open(name);
    const { prompts, tokens, logits } = (await json(`${name}/greedy.json`)) as Greedy;
    const shared = commonPrefix(prompts);
    const whole = prompts.map((prompt, row) => [...prompt, ...tokens[row]]);
    const prefix = await makePrefixCache(engine).encode(whole[0].slice(0, shared), undefined);
    const graph = await engine.graph(variant('step', { soft: false }), () => stepGraph(engine, { soft: false }));
    for (const [row, ids] of whole.entries()) {
      let past = emptyPast(engine, 1);
      for (let from = shared; from < ids.length; from++) {
        const slots = new Uint8Array(from - shared).fill(1);
        const packing = packRows([{ tokens: [ids[from]] }], shared, [slots]);
        const results = await graph.run({ ...engine.weights, ...prefix, ...past, ...packing.feeds, asked: int32([0]) });
        const step = from - (prompts[row].length - 1);
        if (step >= 0 && step % 8 === 0 && step / 8 < logits[row].length)
          expect(largestDifference(results.logits.data, logits[row][step / 8]), `step ${step}`).toBeLessThan(1e-3);
        past = Object.fromEntries(
          Object.entries(results).flatMap(([key, value]) =>
            key === 'logits' ? [] : [[key.replace(/\.(Keys|Values)$/, '.past$1'), value]],
          ),
        );
      }
    }
  });

  test('log-likelihoods of labels after a shared prefix equal those of whole sequences', async () => {
    const engine = await open(name);
    const adapter = await loadAdapter(fixture(`${name}/adapter`));
    const { rows } = (await json(`${name}/lora.json`)) as LoraFixture;
    const prompts = rows.map(({ ids, labels }) => ids.slice(0, labels.indexOf(1)));
    const completions = [[20], [21, 22], [21, 23, 24], [20, 25]];
    for (const chosen of [undefined, adapter]) {
      const scores = await score(
        engine,
        makePrefixCache(engine),
        prompts.map((prompt) => ({ prompt, completions })),
        chosen,
      );
      for (const [r, prompt] of prompts.entries())
        for (const [c, completion] of completions.entries())
          expect(scores[r][c].logLikelihood).toBeCloseTo(await wholeLikelihood(engine, prompt, completion, chosen), 3);
    }
  });
});

/** log P(completion | prompt) of a sequence that is computed as one row without a prefix. */
async function wholeLikelihood(
  engine: Engine,
  prompt: readonly number[],
  completion: readonly number[],
  adapter?: Adapter,
): Promise<number> {
  const { vocabularySize } = engine.config;
  const logits = await logitsOf(engine, [...prompt, ...completion], adapter);
  let total = 0;
  completion.forEach((token, t) => {
    const line = logits.subarray((prompt.length - 1 + t) * vocabularySize, (prompt.length + t) * vocabularySize);
    total += line[token] - Math.log(line.reduce((sum, value) => sum + Math.exp(value), 0));
  });
  return total;
}

test("a prompt that exceeds the model's context together with its completion is refused", async () => {
  const engine = await open('tiny-tied');
  const { maxPositions } = engine.config;
  const rows = (tokens: number) => [{ prompt: new Array<number>(tokens - 2).fill(9), completions: [[20], [21, 22, 23]] }];
  expect(await score(engine, makePrefixCache(engine), rows(maxPositions), undefined)).toHaveLength(1);
  await expect(score(engine, makePrefixCache(engine), rows(maxPositions + 1), undefined)).rejects.toMatchObject({ reason: 'too-long' });
});

test('scores over a trie of labels, with a shared prefix and a cache, equal those of whole sequences', async () => {
  const engine = await open('tiny-tied');
  const adapter = await loadAdapter(fixture('tiny-tied/adapter'));
  const head = [5, 9, 17, 33, 12, 80];
  const rows = [[7, 8], [9], [7, 10, 11, 12], [40]].map((own) => ({
    prompt: [...head, ...own],
    completions: [[20], [21, 22], [21, 23, 24], [20, 25]],
  }));
  const cache = makePrefixCache(engine);
  await cache.encode([...head.slice(0, 4), 1, 2], adapter);
  for (const chosen of [undefined, adapter]) {
    const scores = await score(engine, cache, rows, chosen);
    for (const [r, { prompt, completions }] of rows.entries()) {
      for (const [c, completion] of completions.entries()) {
        expect(scores[r][c].tokens).toBe(completion.length);
        expect(scores[r][c].logLikelihood).toBeCloseTo(await wholeLikelihood(engine, prompt, completion, chosen), 3);
      }
    }
  }
});

describe('rows of thousands of tokens, which are run separately and in pieces', { tags: 'long' }, () => {
  const long = Array.from({ length: 2500 }, (_, i) => 20 + ((7 * i + (i >> 5)) % 70));
  const [short, middling] = [long.slice(0, 40), [...long.slice(0, 300), 33, 21]];

  test.each(['tiny-tied', 'tiny-mistral'])('%s scores and continues them like a single pass over everything', async (name) => {
    const files = await loadModelFiles(fixture(name));
    const engine = makeEngine({ ...files.config, maxPositions: 4096 }, files.weights, onnxRuntimeExecutor({ threads: 1 }));
    const prompts = [short, [...long, 50], middling, [...long.slice(0, 2000), 51]];
    const completions = [[20], [30, 41]];
    const scored = await score(
      engine,
      makePrefixCache(engine),
      prompts.map((prompt) => ({ prompt, completions })),
      undefined,
    );
    const written = await generate(engine, makePrefixCache(engine), files.tokenizer, prompts, {
      ...{ maxTokens: 3, temperature: 0, topP: 1, stop: [], seed: 0 },
    });
    for (const [at, prompt] of prompts.entries()) {
      for (const [which, completion] of completions.entries()) {
        const all = [...prompt, ...completion];
        const asked = completion.map((_, i) => prompt.length - 1 + i);
        const logits = await logitsOf(engine, all.slice(0, -1), undefined, asked);
        const size = engine.config.vocabularySize;
        const expected = completion.reduce((sum, token, i) => sum + logProbability(logits.subarray(i * size, (i + 1) * size), token), 0);
        expect(scored[at][which].logLikelihood).toBeCloseTo(expected, 3);
      }
      const text = [...prompt];
      for (const token of written[at].tokens) {
        const logits = await logitsOf(engine, text, undefined, [text.length - 1]);
        expect(token).toBe(logits.indexOf(Math.max(...logits)));
        text.push(token);
      }
    }
    await engine.dispose();
  });
});

test('no run of medium-length rows stores more attention scores than allowed', { tags: 'long' }, async () => {
  const files = await loadModelFiles(fixture('tiny-tied'));
  const executor = onnxRuntimeExecutor({ threads: 1 });
  const held: number[] = [];
  const counting: Executor = {
    ...executor,
    async compile(outputs) {
      const graph = await executor.compile(outputs);
      return {
        dispose: () => graph.dispose(),
        run: (feeds) => {
          const [rows, length] = feeds.rowIndex.shape;
          if (length > 1) held.push(rows * length * length);
          return graph.run(feeds);
        },
      };
    },
  };
  const engine = makeEngine({ ...files.config, maxPositions: 4096 }, files.weights, counting);
  const prompts = Array.from({ length: 24 }, (_, row) => Array.from({ length: 900 }, (_, i) => 20 + ((7 * i + 3 * row) % 70)));
  const options = { maxTokens: 1, temperature: 0, topP: 1, stop: [], seed: 0 };
  const written = await generate(engine, makePrefixCache(engine), files.tokenizer, prompts, options);
  expect(written).toHaveLength(24);
  expect(held.reduce((sum, pairs) => sum + pairs, 0)).toBe(24 * 900 * 900);
  expect(Math.max(...held)).toBeLessThanOrEqual(14e6);
  held.length = 0;
  const adapter = await loadAdapter(fixture('tiny-tied/adapter'));
  const examples = prompts.slice(0, 8).map((prompt) => ({ prompt, answer: [20] }));
  const { heads, layers } = engine.config;
  await batchGradient(engine, adapter, examples, 0, { tokens: 1e6, pairs: 2 * 900 * 900 * heads * layers });
  expect(held.length).toBe(4);
  await engine.dispose();
});

function logProbability(logits: Float32Array, token: number): number {
  const most = Math.max(...logits);
  return logits[token] - most - Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0));
}
