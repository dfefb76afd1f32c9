/** @file The metrics of a prompt file that are modules: code of the workspace, run only if that is allowed. */
import { dirname, resolve } from 'node:path';
import { TandemError } from '../errors.ts';
import { modulesOf } from '../evaluate/taskFor.ts';
import { loadMetric } from '../evaluate/metrics/module.ts';
import type { Metric } from '../evaluate/metric.ts';
import type { PromptFile } from '../prompt/promptFile.ts';

export interface MetricModules {
  /** By the names in the prompt file. */
  readonly metrics: ReadonlyMap<string, Metric>;
  /** The SHA-256 of each, by absolute path. */
  readonly hashes: Readonly<Record<string, string>>;
}

/** @throws TandemError reasons 'module-not-allowed', 'bad-metric' */
export async function loadModules(file: PromptFile, allowed: boolean): Promise<MetricModules> {
  const names = modulesOf(file);
  if (names.length > 0 && !allowed) {
    const { line, column } = file.ranges.metric;
    throw new TandemError('module-not-allowed', `The metric ${names[0]} is a JavaScript module. It runs with your permissions.`, {
      where: { file: file.path, line, column },
      hint: 'If you trust it, run with --allow-modules, or set tandem.metrics.allowModules in the editor.',
    });
  }
  const loaded = await Promise.all(
    names.map(async (name) => {
      const path = resolve(dirname(file.path), name);
      return { name, path, ...(await loadMetric(name, path)) };
    }),
  );
  return {
    metrics: new Map(loaded.map(({ name, metric }) => [name, metric])),
    hashes: Object.fromEntries(loaded.map(({ path, hash }) => [path, hash])),
  };
}
