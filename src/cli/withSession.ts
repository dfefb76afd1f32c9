/** @file Opens a session for a command that measures. Closes it and the progress however the command ends. */
import { openSession, type Session } from '../run/session.ts';
import { sessionSpec, type SessionOptions } from './options.ts';
import { makeProgress, type Progress } from './progress.ts';
import { stderr } from './terminal.ts';

/** @throws what openSession and the work throw, after the status line is removed */
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
