/** @file Opens the session of a command that measures, and closes it and the progress however the command ends. */
import { openSession, type Session } from '../run/session.ts';
import { sessionSpec, type SessionOptions } from './options.ts';
import { makeProgress, type Progress } from './progress.ts';
import { stderr } from './terminal.ts';

/** @throws what openSession and the work throw; the status line is gone by then */
export async function withSession(
  prompt: string,
  options: SessionOptions & { readonly json?: boolean },
  work: (session: Session, progress: Progress) => Promise<void>,
): Promise<void> {
  const progress = makeProgress(stderr, { quiet: options.json });
  let session: Session | undefined;
  try {
    session = await openSession(sessionSpec(prompt, options), { onBusy: progress.busy });
    await work(session, progress);
  } finally {
    progress.close();
    await session?.dispose();
  }
}
