/** @file What a part of an optimization may spend: a fixed number of tokens or, of a budget of time, what the clock says meanwhile. */

/**
 * Tokens that a part may spend in all. A function is asked between steps and measurements, with what the part has spent so far: of a
 * budget of time the answer changes with the speed of the machine.
 */
export type Purse = number | ((spent: number) => number);

/** What may be spent in all, now that so much is spent. */
export const allowance = (purse: Purse, spent = 0): number => (typeof purse === 'number' ? purse : purse(spent));

/** The purse of what comes after a part that has spent so much. */
export const after = (purse: Purse, spent: number): Purse =>
  typeof purse === 'number' ? purse - spent : (more) => purse(spent + more) - spent;

/** The purse without what is kept for later. */
export const keeping = (purse: Purse, kept: number): Purse => (typeof purse === 'number' ? purse - kept : (spent) => purse(spent) - kept);

/** One of this many equal parts. */
export const partOf = (purse: Purse, parts: number): Purse => (typeof purse === 'number' ? purse / parts : (spent) => purse(spent) / parts);

/** Of what the clock allows a share; a fixed purse as it is, since it bounds steps that were counted beforehand. */
export const clocked = (purse: Purse, share: number): Purse =>
  typeof purse === 'number' ? purse : (spent) => spent + share * (purse(spent) - spent);

/** The whole of an optimization's. */
export const purseOf = ({ budget, clock }: { readonly budget: number; readonly clock?: (spent: number) => number }): Purse =>
  clock ?? budget;
