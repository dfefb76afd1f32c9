/** @file Logits of a model in a folder, for tests of parity. */
import { onnxRuntimeExecutor } from '../tensor/onnxruntime.ts';
import type { Adapter } from './adapter.ts';
import { adapterFeeds, makeEngine, stepGraph, variant, type Engine } from './engine.ts';
import { loadModelFiles } from './files/modelFiles.ts';
import { int32, packRows } from './packing.ts';
import { emptyPast, emptyPrefix } from './prefixCache.ts';

export async function openEngine(folder: string): Promise<Engine> {
  const files = await loadModelFiles(folder);
  return makeEngine(files.config, files.weights, onnxRuntimeExecutor({ threads: 1 }));
}

/** Logits at the positions (all by default) of one sequence, computed as a row without a prefix. */
export async function logitsOf(
  engine: Engine,
  tokens: readonly number[],
  adapter?: Adapter,
  positions = tokens.map((_, i) => i),
): Promise<Float32Array> {
  const targets = adapter?.config.targets;
  const graph = await engine.graph(variant('step', { targets, soft: false }), () => stepGraph(engine, { targets, soft: false }));
  const results = await graph.run({
    ...engine.weights,
    ...(adapter && adapterFeeds(engine.config, adapter)),
    ...emptyPrefix(engine),
    ...emptyPast(engine, 1),
    ...packRows([{ tokens }], 0).feeds,
    asked: int32(positions),
  });
  return results.logits.data as Float32Array;
}
