/** @file The preflight of a prompt file or a program, in a session of its own. */
import { runPreflight, type Preflight } from '../optimize/preflight.ts';
import { openOptimizer } from './optimizer.ts';
import { type Session } from './session.ts';
import type { RunSpec } from './spec.ts';

export interface PreflightOptions {
  readonly onBusy?: (what: string, share?: number) => void;
  readonly signal?: AbortSignal;
  /** Milliseconds after which no more is tried. */
  readonly within?: number;
}

/** @throws TandemError those of the evaluator, 'bad-lora', and 'not-for-programs' for a named coordinator that optimizes only one prompt */
export async function sessionPreflight(
  session: Session,
  spec: RunSpec,
  { onBusy, signal, within = Infinity }: PreflightOptions = {},
): Promise<Preflight> {
  const begun = performance.now();
  const { evaluator, file, adapter: start, trainset, valset } = session;
  const { trainer, program, objective } = openOptimizer(session, spec);
  const { seed } = spec;
  return runPreflight(
    { evaluator, trainer, ...(program && { program }), prompt: file.prompt, start, trainset, valset, objective, seed, signal },
    onBusy,
    (share) => performance.now() - begun > share * within,
  );
}
