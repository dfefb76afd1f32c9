/** @file A method whose label scores are read as they do best on the validation rows once it has ended: the default run may choose that too. */
import type { Coordinator } from '../../src/optimize/coordinator.ts';
import { adapterOf, measuredState } from '../../src/optimize/measuredState.ts';
import { bestScoring } from '../../src/optimize/labelScoring.ts';

export const readBest = (method: Coordinator): Coordinator => ({
  begin: (context) => method.begin(context),
  async advance(context, state) {
    const next = await method.advance(context, state);
    if (!next.done) return next;
    const { candidate, prompt } = next.best;
    const adapter = await adapterOf(context, next.best);
    // The method has measured it: the cache answers.
    const evaluation = await context.evaluator.evaluate({ prompt, adapter }, context.valset);
    const { measured, tokensUsed } = await bestScoring(context, { prompt, adapter }, evaluation);
    const best = measuredState(candidate, measured.prompt, adapter, measured.evaluation, context.objective);
    return { ...next, best, tokensUsed: next.tokensUsed + tokensUsed };
  },
});
