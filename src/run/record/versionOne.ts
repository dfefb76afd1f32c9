/** @file The files of Tandem 0.1, version 1, use other names for some things. They are renamed when they are read. */

type Fields = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The record with some of its keys renamed, in the same order. Anything else is unchanged. */
function renamed(value: unknown, names: Readonly<Record<string, string>>): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [Object.hasOwn(names, key) ? names[key] : key, each]));
}

/** The record with one of its values changed, if it has that key. */
function changed(value: unknown, key: string, change: (value: unknown) => unknown): unknown {
  return isRecord(value) && Object.hasOwn(value, key) ? { ...value, [key]: change(value[key]) } : value;
}

const lineNames = {
  lever: 'target',
  passes: 'tokensUsed',
  passesPerSecond: 'tokensPerSecond',
  passesPerRow: 'tokensPerRow',
  flips: 'changedPredictions',
};

const controlNames: Fields = { 'best single lever': 'best alone' };
const proposerNames: Fields = { reading: 'label scoring' };

const named =
  (names: Fields) =>
  (value: unknown): unknown =>
    typeof value === 'string' && Object.hasOwn(names, value) ? names[value] : value;

const controlOf = named(controlNames);

/** `tune` was `lever`, and a budget in tokens was a budget in `passes`, in the configuration of a run and in its options. */
export const specOfVersionOne = (spec: unknown): unknown =>
  changed(renamed(spec, { lever: 'tune' }), 'budget', (budget) => renamed(budget, { passes: 'tokens' }));

const configOf = (config: unknown): unknown =>
  changed(specOfVersionOne(config), 'controls', (controls) => (Array.isArray(controls) ? controls.map(controlOf) : controls));

/** A line of the journal. */
export function lineOfVersionOne(line: unknown): unknown {
  let now = renamed(line, lineNames);
  now = changed(now, 'changedPredictions', (counts) => renamed(counts, { gained: 'fixes', lost: 'regressions' }));
  now = changed(now, 'config', configOf);
  now = changed(now, 'control', controlOf);
  now = changed(now, 'proposer', named(proposerNames));
  return changed(now, 'version', () => 2);
}

/** `run.json`. */
export const runOfVersionOne = (record: unknown): unknown => changed(changed(record, 'spec', specOfVersionOne), 'version', () => 2);

/** The measurements of a prompt file's lines. */
export function resultsOfVersionOne(results: unknown): unknown {
  const line = (each: unknown): unknown => renamed(each, { flips: 'changedPredictions' });
  const all = (lines: unknown): unknown => (Array.isArray(lines) ? lines.map(line) : lines);
  return changed(
    changed(results, 'lines', (measured) => changed(measured, 'lines', all)),
    'version',
    () => 2,
  );
}

/** `warm-start.json`. */
export const warmStartOfVersionOne = (record: unknown): unknown => changed(renamed(record, { passes: 'tokensUsed' }), 'version', () => 2);
