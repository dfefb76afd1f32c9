/** @file A journal without what depends on the clock, to compare runs that must be the same. */

/** What depends on the clock in lines of each type, in addition to the time of every line. */
const clocked: Readonly<Record<string, object>> = {
  runStarted: { config: {} },
  rateMeasured: { tokensPerSecond: 0 },
  priceMeasured: { time: undefined },
};

/** The lines of a journal without times, speeds and the configuration, which contains the path of the workspace. */
export const timeless = (journal: string): unknown[] =>
  journal
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly type: string })
    .map((line) => ({ ...line, at: 0, ...(Object.hasOwn(clocked, line.type) ? clocked[line.type] : {}) }));
