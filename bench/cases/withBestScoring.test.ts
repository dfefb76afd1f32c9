/** @file A published method gets the choice of the label scoring once, at its end. */
import { expect, test, vi } from 'vitest';
import type { Coordinator } from '../../src/optimize/coordinator.ts';
import { driveCoordinator, kindContext, kindSplits, loadTinyModel } from '../../src/optimize/kinds.fixture.ts';
import { memoryAdapters } from '../../src/optimize/jointOptimization.ts';
import { measureStart } from '../../src/optimize/measuredState.ts';
import { withBestScoring } from './withBestScoring.ts';

vi.setConfig({ testTimeout: 60_000 });

/** Runs two phases and changes nothing. */
const idle: Coordinator = {
  async begin(context) {
    const { start, evaluation } = await measureStart(context);
    return { version: 1, phase: 0, start, best: start, tokensUsed: evaluation.tokensUsed, done: false, memory: null };
  },
  advance: (_, state) => Promise.resolve({ ...state, phase: state.phase + 1, done: state.phase === 1 && 'two phases' }),
};

test('the prompt and the weights stay, and the label scoring is the best on the validation rows', async () => {
  const model = await loadTinyModel();
  const { trainset } = kindSplits;
  // Without another label scoring, the untrained model gives every row the other label.
  const valset = kindSplits.valset.filter(({ values }) => values.kind === 'animal');
  const context = () => kindContext(model, { adapters: memoryAdapters(), trainset, valset, seed: 3, budget: 1e6 });
  const { state, snapshots } = await driveCoordinator(model, { make: () => withBestScoring(idle), context });
  expect(snapshots).toHaveLength(2);
  expect(state.done).toBe('two phases');
  expect(state.best.score.mean).toBeGreaterThan(state.start.score.mean);
  expect(state.best.prompt).toEqual({ ...state.start.prompt, decoding: state.best.prompt.decoding });
  expect(state.best.prompt.decoding).toBeDefined();
  await model.dispose();
});
