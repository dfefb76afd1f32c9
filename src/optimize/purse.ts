/** @file What a part of an optimization may spend: a fixed number of tokens, or with a time budget, what the clock currently allows. */

/**
 * The total tokens that a part may spend. A function is called between steps and measurements, with what the part has spent so far. With a time
 * budget, the answer depends on the speed of the machine.
 */
export type Purse = number | ((spent: number) => number);

/** The total that may be spent, given what has been spent. */
export const allowance = (purse: Purse, spent = 0): number => (typeof purse === 'number' ? purse : purse(spent));

/** The purse of what comes after a part that has spent this much. */
export const after = (purse: Purse, spent: number): Purse =>
  typeof purse === 'number' ? purse - spent : (more) => purse(spent + more) - spent;

/** The purse minus what is reserved for later. */
export const keeping = (purse: Purse, kept: number): Purse => (typeof purse === 'number' ? purse - kept : (spent) => purse(spent) - kept);

/** One of this many equal parts. */
export const partOf = (purse: Purse, parts: number): Purse => (typeof purse === 'number' ? purse / parts : (spent) => purse(spent) / parts);

/** A share of what the clock allows. A fixed purse is unchanged, because it limits steps that were counted beforehand. */
export const clocked = (purse: Purse, share: number): Purse =>
  typeof purse === 'number' ? purse : (spent) => spent + share * (purse(spent) - spent);

/** The purse of the whole optimization. */
export const purseOf = ({ budget, clock }: { readonly budget: number; readonly clock?: (spent: number) => number }): Purse =>
  clock ?? budget;
