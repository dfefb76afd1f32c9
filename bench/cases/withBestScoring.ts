/** @file Lets a method choose the best label scoring on the validation rows at its end, because the default run may choose it too. */
import type { Coordinator } from '../../src/optimize/coordinator.ts';
import { adapterOf, measuredState } from '../../src/optimize/measuredState.ts';
import { bestScoring } from '../../src/optimize/labelScoring.ts';

export const withBestScoring = (method: Coordinator): Coordinator => ({
  begin: (context) => method.begin(context),
  async advance(context, state) {
    const next = await method.advance(context, state);
    if (!next.done) return next;
    const { candidate, prompt } = next.best;
    const adapter = await adapterOf(context, next.best);
    // The method has measured this already, so the cache answers.
    const evaluation = await context.evaluator.evaluate({ prompt, adapter }, context.valset);
    const { measured, tokensUsed } = await bestScoring(context, { prompt, adapter }, evaluation);
    const best = measuredState(candidate, measured.prompt, adapter, measured.evaluation, context.objective);
    return { ...next, best, tokensUsed: next.tokensUsed + tokensUsed };
  },
});
