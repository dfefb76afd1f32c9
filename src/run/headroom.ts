/** @file The headroom of a prompt file or a program, measured in a session of its own. */
import { measureHeadroom, type Headroom } from '../optimize/headroom.ts';
import { openOptimizer, type Session } from './session.ts';
import type { RunSpec } from './spec.ts';

/** @throws TandemError those of the evaluator, 'bad-lora', 'not-for-programs' for a coordinator that is asked for and optimizes one prompt */
export async function sessionHeadroom(
  session: Session,
  spec: RunSpec,
  { onBusy, signal }: { readonly onBusy?: (what: string, share?: number) => void; readonly signal?: AbortSignal } = {},
): Promise<Headroom> {
  const { evaluator, file, adapter: start, trainset, valset } = session;
  const { trainer, program, objective } = openOptimizer(session, spec);
  const { seed } = spec;
  return measureHeadroom(
    { evaluator, trainer, ...(program && { program }), prompt: file.prompt, start, trainset, valset, objective, seed, signal },
    onBusy,
  );
}
