/** @file Where a proposed change stands in the review, and what can be decided about it there. The panel's page reads this file too. */

/** Where an item stands. 'conflict': the text was changed at the same place in another way. */
export type Standing = 'open' | 'accepted' | 'rejected' | 'conflict';

/** 'takeBack' makes an item undecided again: it takes an accepted one out of the file and forgets that one was rejected. */
export type ReviewVerdict = 'accept' | 'reject' | 'takeBack';

/** The verdicts that can be given on an item, in the order in which they are offered. */
export const verdictsOn: Readonly<Record<Standing, readonly ReviewVerdict[]>> = {
  open: ['accept', 'reject'],
  accepted: ['takeBack'],
  rejected: ['accept', 'takeBack'],
  conflict: [],
};
