/** @file The headroom of a prompt file, measured in a session of its own. */
import { TandemError } from '../errors.ts';
import { measureHeadroom, type Headroom } from '../optimize/headroom.ts';
import { openOptimizer, type Session } from './session.ts';
import type { RunSpec } from './spec.ts';

/** @throws TandemError those of the evaluator, 'bad-lora', 'not-for-programs' */
export async function sessionHeadroom(
  session: Session,
  spec: RunSpec,
  { onBusy, signal }: { readonly onBusy?: (what: string, share?: number) => void; readonly signal?: AbortSignal } = {},
): Promise<Headroom> {
  const { evaluator, file, adapter, trainset, valset } = session;
  if (session.program) {
    throw new TandemError('not-for-programs', 'Headroom is looked for in one prompt file at a time, not in a program.', {
      where: { file: file.path },
      hint: 'Optimize the program without it: its blocks tell in turn what they bring.',
    });
  }
  const { trainer, objective } = openOptimizer(session, spec);
  const context = { evaluator, trainer, prompt: file.prompt, start: adapter, trainset, valset, objective, seed: spec.seed, signal };
  return measureHeadroom(context, onBusy);
}
