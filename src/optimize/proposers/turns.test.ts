/** @file Sources that gain nothing get fewer turns, and what was rejected is remembered. */
import { expect, test } from 'vitest';
import type { Runner } from '../successiveHalving.ts';
import { inTurn, noSourceMemory, rememberSources } from './turns.ts';

const source = (name: string, share: number) => ({ share, proposer: { name, propose: async () => [] } });
const runner = (id: string, proposer: string): Runner => ({ id, proposer, reason: `edit ${id}`, prompt: { body: id, demonstrations: [] } });
const sources = [source('edits', 0.5), source('templates', 0.25), source('confusions', 0.25)];

test('a source that gained nothing comes after the others, with a smaller share', () => {
  const memory = rememberSources(noSourceMemory, [runner('3.1', 'edits'), runner('3.2', 'templates')], {
    candidate: '3.2',
    accepted: true,
    because: 'better',
  });
  const turns = inTurn(sources, memory);
  expect(turns.map(({ proposer }) => proposer.name)).toEqual(['templates', 'confusions', 'edits']);
  expect(turns.map(({ share }) => share)).toEqual([1 / 3, 1 / 3, 1 / 3]);
  expect(inTurn(sources, noSourceMemory)).toEqual(sources);
});

test('a source that wins again is treated as new', () => {
  const lost = rememberSources(noSourceMemory, [runner('3.1', 'edits')]);
  const won = rememberSources(lost, [runner('5.1', 'edits')], { candidate: '5.1', accepted: true, because: 'better' });
  expect([lost.failures, won.failures]).toEqual([{ edits: 1 }, { edits: 0 }]);
});

test('what was not kept is remembered with the reason, the latest first, up to a limit', () => {
  let memory = rememberSources(noSourceMemory, [runner('3.1', 'edits'), runner('3.2', 'edits')], {
    candidate: '3.2',
    accepted: false,
    because: 'not better',
  });
  expect(memory.rejected).toEqual([
    { reason: 'edit 3.1', because: 'other proposals did better' },
    { reason: 'edit 3.2', because: 'not better' },
  ]);
  for (let phase = 4; phase < 40; phase++) memory = rememberSources(memory, [runner(`${phase}.1`, 'edits')]);
  expect(memory.rejected.length).toBe(24);
  expect(memory.rejected[0].reason).toBe('edit 39.1');
});
