/** @file A journal apart from what the clock wrote, for runs that must tell the same. */

/** What the clock writes into lines of each type, beside the moment of all. */
const clocked: Readonly<Record<string, object>> = {
  runStarted: { config: {} },
  rateMeasured: { tokensPerSecond: 0 },
  priceMeasured: { time: undefined },
};

/** The lines of a journal without times, speeds and the configuration, which says where the workspace is. */
export const timeless = (journal: string): unknown[] =>
  journal
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly type: string })
    .map((line) => ({ ...line, at: 0, ...(Object.hasOwn(clocked, line.type) ? clocked[line.type] : {}) }));
