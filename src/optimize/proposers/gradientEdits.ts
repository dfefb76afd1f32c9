/**
 * @file Token substitutions that the gradient suggests, as long as the instruction stays fluent. Ebrahimi et al. 2018 (HotFlip) for the direction;
 * Zou et al. 2023 (GCG) for measuring several of the best and continuing from the winner.
 */
import type { Evaluation } from '../../evaluate/evaluation.ts';
import { instructionOf, withInstruction } from '../../prompt/instruction.ts';
import type { SoftTuner } from '../softTuner.ts';
import { newOnes, type Proposal, type Proposer } from './proposer.ts';

export interface GradientEditOptions {
  readonly tuner: SoftTuner;
  /** How much less fluent than at the start the instruction may become, in nats per token. */
  readonly fluencyBound: number;
  /** Rows whose loss is lowered. */
  readonly rows: number;
  /** Substitutions measured for each one that is made. */
  readonly tries: number;
  /** Called with the tokens that gradients and fluency cost. The evaluator counts the measurements. */
  readonly onTokens: (tokensUsed: number) => void;
}

export const gradientEditDefaults = { fluencyBound: 1, rows: 16, tries: 6 };

/** Each proposal has one more substitution than the one before it. */
export function gradientEdits({ tuner, fluencyBound, rows, tries, onTokens }: GradientEditOptions): Proposer {
  return {
    name: 'gradient edits',
    async propose({ prompt, adapter, evaluator, trainset, random, count }) {
      const author = instructionOf(prompt);
      if (author === '' || !trainset.length) return [];
      const fluencies = async (texts: readonly string[]): Promise<readonly number[]> => {
        const { fluency, tokensUsed } = await tuner.fluency(texts);
        onTokens(tokensUsed);
        return fluency;
      };
      const [base] = await fluencies([author]);
      const proposals: Proposal[] = [];
      const seen = new Set([author]);
      let best = author;
      for (let round = 0; round < count; round++) {
        const batch = random.shuffle(trainset).slice(0, rows);
        const now = withInstruction(prompt, best);
        const { found, tokensUsed } = await tuner.substitutions(now, best, batch, adapter, 4 * tries);
        onTokens(tokensUsed);
        const fresh = found.filter(({ text }) => !seen.has(text));
        if (!fresh.length) break;
        const reads = await fluencies(fresh.map(({ text }) => text));
        const fluent = fresh.filter((_, i) => reads[i] >= base - fluencyBound).slice(0, tries);
        if (!fluent.length) break;
        // The gradient is valid only for small steps, and a word is a large one, so each is measured.
        let winner = {
          text: best,
          old: '',
          fresh: '',
          value: likelihoodOf(await evaluator.evaluate({ prompt: now, adapter }, batch)),
        };
        for (const substitution of fluent) {
          seen.add(substitution.text);
          const tried = await evaluator.evaluate({ prompt: withInstruction(prompt, substitution.text), adapter }, batch);
          if (likelihoodOf(tried) > winner.value) winner = { ...substitution, value: likelihoodOf(tried) };
        }
        if (winner.text === best) break;
        best = winner.text;
        const reason = `"${winner.fresh}" for "${winner.old}", suggested by the gradient`;
        proposals.push({ prompt: withInstruction(prompt, best), reason });
      }
      return newOnes(prompt, proposals.reverse(), count);
    },
  };
}

/** The gradient is that of the gold answers' likelihood. The score replaces it if there are none. */
const likelihoodOf = ({ logLikelihood, score }: Evaluation): number => (logLikelihood ?? score).mean;
