/** @file The preflight of a prompt file or a program, in a session of its own. */
import { measureHeadroom, type Headroom } from '../optimize/headroom.ts';
import { openOptimizer, type Session } from './session.ts';
import type { RunSpec } from './spec.ts';

export interface HeadroomOptions {
  readonly onBusy?: (what: string, share?: number) => void;
  readonly signal?: AbortSignal;
  /** Milliseconds after which nothing more is tried. */
  readonly within?: number;
}

/** @throws TandemError those of the evaluator, 'bad-lora', 'not-for-programs' for a coordinator that is asked for and optimizes one prompt */
export async function sessionHeadroom(
  session: Session,
  spec: RunSpec,
  { onBusy, signal, within = Infinity }: HeadroomOptions = {},
): Promise<Headroom> {
  const begun = performance.now();
  const { evaluator, file, adapter: start, trainset, valset } = session;
  const { trainer, program, objective } = openOptimizer(session, spec);
  const { seed } = spec;
  return measureHeadroom(
    { evaluator, trainer, ...(program && { program }), prompt: file.prompt, start, trainset, valset, objective, seed, signal },
    onBusy,
    (share) => performance.now() - begun > share * within,
  );
}
