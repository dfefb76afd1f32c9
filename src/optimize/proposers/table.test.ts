/** @file Which sources are asked, and for how many proposals. */
import { expect, test } from 'vitest';
import type { Proposer } from './proposer.ts';
import { proposersOf, type ProposerEntry } from './table.ts';

const named = (name: string): Proposer => ({ name, propose: () => Promise.resolve([]) });
const entries: readonly ProposerEntry[] = [
  { proposer: named('rules'), changes: ['instruction'], share: 3 },
  { proposer: named('examples'), changes: ['demonstrations'], share: 1 },
  { proposer: named('both'), changes: ['instruction', 'demonstrations'], share: 2 },
  { proposer: named('written'), changes: ['instruction'], share: 4, needs: 'writer' },
];
const namesOf = (found: readonly ProposerEntry[]): string[] => found.map(({ proposer }) => proposer.name);

test('a source that changes more than is allowed is left out', () => {
  expect(namesOf(proposersOf(['instruction'], [], entries))).toEqual(['rules']);
  expect(namesOf(proposersOf(['instruction', 'demonstrations'], [], entries))).toEqual(['rules', 'examples', 'both']);
});

test('a source that needs a writer is asked if there is one', () => {
  expect(namesOf(proposersOf(undefined, [], entries))).toEqual(['rules', 'examples', 'both']);
  expect(namesOf(proposersOf(undefined, ['writer'], entries))).toEqual(['rules', 'examples', 'both', 'written']);
  expect(namesOf(proposersOf(undefined, ['gradients'], entries))).not.toContain('written');
});

test('the shares add up to one, whoever is asked', () => {
  expect(proposersOf(undefined, [], entries).map(({ share }) => share)).toEqual([3 / 6, 1 / 6, 2 / 6]);
  expect(proposersOf(undefined, ['writer'], entries).map(({ share }) => share)).toEqual([0.3, 0.1, 0.2, 0.4]);
});

test('every part of a prompt that a block proposes for has a source, and no two sources have the same name', () => {
  for (const part of ['instruction', 'demonstrations'] as const) expect(proposersOf([part]).length).toBeGreaterThan(0);
  const names = namesOf(proposersOf(undefined, ['writer', 'gradients']));
  expect(new Set(names).size).toBe(names.length);
});
