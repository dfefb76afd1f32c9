/** @file The curriculum of freedom: what may move grows in stages, in the prompt and in the weights, while the penalties relax. */
import type { AdapterFreedom } from '../model/adapterTraining.ts';
import type { LoraConfig } from '../model/adapter.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { competence, type Pacing } from './curriculum.ts';
import type { ObjectiveWeights } from './objective.ts';

export interface FreedomStage {
  readonly name: string;
  /** What a proposal may change, for people. */
  readonly prompt: string;
  /** Whether one prompt may be changed into another. */
  readonly allows: (from: Prompt, to: Prompt) => boolean;
  /** Shares of the adapter's rank, and of the layers from the top down, that train. */
  readonly rank: number;
  readonly depth: number;
  /** Factor on lambda1 and lambda2. */
  readonly penalty: number;
}

/** The most lines that may change in the first stage. */
const fewEdits = 2;

export const freedomStages: readonly FreedomStage[] = [
  {
    name: 'wording',
    prompt: 'a few edits within lines',
    allows: (from, to) => sameDemonstrations(from, to) && editedLines(from.body, to.body) <= fewEdits,
    ...{ rank: 1 / 4, depth: 1 / 3, penalty: 100 },
  },
  {
    name: 'lines',
    prompt: 'whole lines',
    allows: sameDemonstrations,
    ...{ rank: 1 / 2, depth: 2 / 3, penalty: 10 },
  },
  { name: 'demonstrations', prompt: 'lines and demonstrations', allows: () => true, rank: 1, depth: 1, penalty: 1 },
];

/** The part of an adapter that trains in a stage. @param layers of the model */
export function freedomOf({ rank, depth }: FreedomStage, lora: LoraConfig, layers: number): AdapterFreedom {
  return { rank: Math.max(1, Math.round(rank * lora.rank)), fromLayer: layers - Math.max(1, Math.round(depth * layers)) };
}

export const relaxed = ({ penalty }: FreedomStage, { weights, prompt }: ObjectiveWeights): ObjectiveWeights => ({
  weights: penalty * weights,
  prompt: penalty * prompt,
});

/** The stage that a run is in. JSON. */
export interface FreedomMemory {
  readonly stage: number;
  /** Whether the last phase in this stage gained something. True before the first one. */
  readonly helped: boolean;
}

/**
 * The stage of the next phase, and why. Stages come one at a time and never shrink. Self-paced: the next stage comes when a phase has gained nothing,
 * and no later than with linear pacing.
 * @param progress share of the budget that is spent
 */
export function nextStage(pacing: Pacing, memory: FreedomMemory | undefined, progress: number): { stage: number; because: string } {
  if (!memory) return { stage: 0, because: 'start of the run' };
  const last = freedomStages.length - 1;
  const due = Math.min(last, Math.floor(competence(pacing === 'root' ? 'root' : 'linear', progress, 0) * freedomStages.length));
  if (due > memory.stage) return { stage: memory.stage + 1, because: `${Math.round(100 * progress)}% of the budget is spent` };
  if (pacing === 'self-paced' && !memory.helped && memory.stage < last)
    return { stage: memory.stage + 1, because: 'the last phase did not help' };
  return { stage: memory.stage, because: '' };
}

function sameDemonstrations(from: Prompt, to: Prompt): boolean {
  return JSON.stringify(from.demonstrations) === JSON.stringify(to.demonstrations);
}

/** The number of lines that differ, if none is added or removed. Otherwise infinite. */
function editedLines(from: string, to: string): number {
  const [a, b] = [from, to].map((body) => body.trimEnd().split(/\r?\n/));
  return a.length === b.length ? a.filter((line, i) => line !== b[i]).length : Infinity;
}
