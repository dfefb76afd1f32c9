import { expect, test } from 'vitest';
import type { LeverOutlook, Outlook } from '../../optimize/preflight.ts';
import { leversOffered } from './leversOffered.ts';

const difference = { mean: 0, low: 0, high: 0, rows: 24, probabilityBetter: 0.5 };
const offered = (weights: Outlook, prompt: Outlook): readonly string[] => {
  const told = (lever: LeverOutlook['lever'], outlook: Outlook): LeverOutlook => {
    return { lever, outlook, because: '', tried: 1, score: difference, logLikelihood: difference };
  };
  return leversOffered({ levers: [told('weights', weights), told('prompt', prompt)] });
};

test('where one lever is not likely to help, the other is offered first, and both nevertheless', () => {
  expect(offered('likely', 'unlikely')).toEqual(['weights', 'both']);
  expect(offered('unlikely', 'unclear')).toEqual(['prompt', 'both']);
});

test('where both may help, or neither, both are offered first, then either alone', () => {
  for (const outlook of ['likely', 'unclear', 'unlikely'] as const)
    expect(offered(outlook, outlook)).toEqual(['both', 'weights', 'prompt']);
});
