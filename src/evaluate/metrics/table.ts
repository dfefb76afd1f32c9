/** @file All metrics, one per line, and how a prompt file names them. */
import { TandemError } from '../../errors.ts';
import { isModule } from '../../prompt/answersNeeded.ts';
import { suggestName } from '../../prompt/nearest.ts';
import type { Metric } from '../metric.ts';
import type { MetricEntry } from './entry.ts';
import { jsonMatch } from './json.ts';
import { accuracy, macroF1 } from './labels.ts';
import { numeric } from './numeric.ts';
import { regex } from './regex.ts';
import { contains, exactMatch, exactMatchIgnoreCase } from './texts.ts';
import { tokenF1 } from './tokenF1.ts';

type Entries = Readonly<Record<string, MetricEntry>>;

/** In the order of suggestions. */
const table: Entries = {
  accuracy,
  'macro-f1': macroF1,
  'exact-match': exactMatch,
  'exact-match-ignore-case': exactMatchIgnoreCase,
  contains,
  'token-f1': tokenF1,
  regex,
  numeric,
  'json-match': jsonMatch,
};

export const metrics: ReadonlyMap<string, Metric> = new Map(Object.keys(table).map((name) => [name, metricNamed(name)]));

/** What a metric counts, in Markdown. */
export const aboutMetric = (name: string): string => table[name].about;

export interface NamedIn {
  /** Path of the file that names the metric, for arguments that are relative paths. */
  readonly promptFile?: string;
  readonly entries?: Entries;
}

/**
 * The metric of the table, with its argument if the name has one: `numeric(1%)`. The path of a module gives a stand-in that cannot judge:
 * whoever may run the module loads it with `loadMetric`.
 * @throws TandemError reason 'unknown-metric'
 */
export function metricNamed(name: string, { promptFile, entries = table }: NamedIn = {}): Metric {
  if (Object.hasOwn(entries, name)) {
    const { about: _, withArgument: __, ...metric } = entries[name];
    return { name, ...metric };
  }
  if (isModule(name)) return notLoaded(name);
  const [, base, argument] = /^([\w-]+)\((.*)\)$/s.exec(name) ?? [];
  if (base !== undefined && Object.hasOwn(entries, base)) {
    const { kind, about, withArgument } = entries[base];
    const judging = withArgument?.(argument, promptFile);
    if (judging) return { name, kind, ...judging };
    throw new TandemError('unknown-metric', `The metric "${base}" does not take the argument "${argument}".`, {
      hint: withArgument ? about : `Write \`metric: ${base}\`.`,
    });
  }
  throw new TandemError('unknown-metric', `There is no metric "${name}".`, {
    hint: suggestName(name, Object.keys(entries)) ?? 'To use your own metric, name its module, e.g. `metric: ./metric.mjs`.',
  });
}

const notLoaded = (name: string): Metric => ({
  name,
  kind: 'text',
  judge: async () => {
    throw new TandemError('module-not-loaded', `The metric ${name} is a module that was not loaded.`, {
      hint: 'Load it with `loadMetric`.',
    });
  },
});
