import { expect, test } from 'vitest';
import type { TargetOutlook, Outlook } from '../../optimize/preflight.ts';
import { targetsOffered } from './targetsOffered.ts';

const difference = { mean: 0, low: 0, high: 0, rows: 24, probabilityBetter: 0.5 };
const offered = (weights: Outlook, prompt: Outlook): readonly string[] => {
  const told = (target: TargetOutlook['target'], outlook: Outlook): TargetOutlook => {
    return { target, outlook, because: '', tried: 1, score: difference, logLikelihood: difference };
  };
  return targetsOffered({ targets: [told('weights', weights), told('prompt', prompt)] });
};

test('where one target is not likely to help, the other is offered first, and both nevertheless', () => {
  expect(offered('likely', 'unlikely')).toEqual(['weights', 'both']);
  expect(offered('unlikely', 'unclear')).toEqual(['prompt', 'both']);
});

test('where both may help, or neither, both are offered first, then either alone', () => {
  for (const outlook of ['likely', 'unclear', 'unlikely'] as const)
    expect(offered(outlook, outlook)).toEqual(['both', 'weights', 'prompt']);
});
