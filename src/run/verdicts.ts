/** @file The status of a proposed change in the review, and what can be decided about it there. The panel's page imports this file too. */

/** The status of an item. 'conflict' means that the text was changed at the same place in another way. */
export type Standing = 'open' | 'accepted' | 'rejected' | 'conflict';

/** 'takeBack' makes an item undecided again: it removes an accepted one from the file, or forgets that one was rejected. */
export type ReviewVerdict = 'accept' | 'reject' | 'takeBack';

/** The verdicts that can be given on an item, in the order in which they are offered. */
export const verdictsOn: Readonly<Record<Standing, readonly ReviewVerdict[]>> = {
  open: ['accept', 'reject'],
  accepted: ['takeBack'],
  rejected: ['accept', 'takeBack'],
  conflict: [],
};
