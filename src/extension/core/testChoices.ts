/** @file What a test run is asked to run, prompt by prompt. By ids: the tests themselves are created again whenever data changes. */

/** A prompt, or one of its rows. */
export type TestPath = readonly [prompt: string, row?: string];

export interface TestChoice {
  readonly prompt: string;
  /** All of them where absent. */
  readonly rows?: readonly string[];
  /** Rows that are left out. */
  readonly without: readonly string[];
}

export function choicesOf(include: readonly TestPath[], exclude: readonly TestPath[]): TestChoice[] {
  const chosen = new Map<string, string[] | undefined>();
  for (const [prompt, row] of include) {
    const rows = chosen.get(prompt);
    if (row === undefined) chosen.set(prompt, undefined);
    else if (rows) rows.push(row);
    else if (!chosen.has(prompt)) chosen.set(prompt, [row]);
  }
  for (const [prompt, row] of exclude) if (row === undefined) chosen.delete(prompt);
  return [...chosen].map(([prompt, rows]) => ({
    prompt,
    ...(rows && { rows }),
    without: exclude.flatMap(([of, row]) => (of === prompt && row !== undefined ? [row] : [])),
  }));
}

/** Whether all rows of the prompt are chosen, so that its number is that of the prompt. */
export const isWhole = ({ rows, without }: TestChoice): boolean => !rows && without.length === 0;

/** Those of the prompt's rows that are chosen. */
export function chosenRows<T extends { readonly id: string }>({ rows, without }: TestChoice, all: readonly T[]): T[] {
  const [wanted, unwanted] = [rows && new Set(rows), new Set(without)];
  return all.filter(({ id }) => (wanted?.has(id) ?? true) && !unwanted.has(id));
}
