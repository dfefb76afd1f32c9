/** @file The worker process behind the tools. It does one thing at a time, and keeps the model loaded between measurements. */
import { startWorker, stopPatience, type WorkerClient } from '../run/worker/client.ts';
import type { Methods, Notification } from '../run/worker/protocol.ts';

/** What the tools ask of the worker. */
type WorkName = 'evaluate' | 'attribute' | 'render' | 'optimize';

export interface WorkHooks {
  readonly signal: AbortSignal;
  readonly onNotification: (notification: Notification) => void;
}

export interface WorkQueue {
  /**
   * Waits for its turn. Aborting the signal stops the work as Ctrl+C does.
   * @throws what the worker threw; TandemError reason 'worker-died'; an AbortError where it was stopped before its turn
   */
  readonly work: <M extends WorkName>(method: M, params: Methods[M]['params'], hooks: WorkHooks) => Promise<Methods[M]['result']>;
  /** Waits for the work that is under way, and ends the process. */
  readonly close: () => Promise<void>;
}

/**
 * @param file the built worker, dist/worker.js
 * @param keepWarm milliseconds that a measuring worker is kept with its model loaded
 */
export function makeWorkQueue(file: string, keepWarm = 5 * 60_000): WorkQueue {
  let last: Promise<unknown> = Promise.resolve();
  let worker: WorkerClient | undefined;
  let idle: NodeJS.Timeout | undefined;
  let hear: WorkHooks['onNotification'] = () => {};

  const release = async (): Promise<void> => {
    const released = worker;
    worker = undefined;
    await released?.dispose();
  };
  const open = (): WorkerClient => {
    if (worker) return worker;
    const opened = startWorker({ file, onNotification: (notification) => hear(notification) });
    void opened.gone.then(() => worker === opened && (worker = undefined));
    return (worker = opened);
  };

  const doNow = async <M extends WorkName>(
    method: M,
    params: Methods[M]['params'],
    { signal, onNotification }: WorkHooks,
  ): Promise<Methods[M]['result']> => {
    signal.throwIfAborted();
    clearTimeout(idle);
    // A run begins in a process of its own, and with the memory that a measuring one held.
    if (method === 'optimize') await release();
    const client = open();
    const stop = (): void => client.stop(method === 'optimize' ? stopPatience.run : stopPatience.measurement);
    signal.addEventListener('abort', stop, { once: true });
    hear = onNotification;
    try {
      return await client.call(method, params);
    } finally {
      signal.removeEventListener('abort', stop);
      hear = () => {};
      if (method === 'optimize') await release();
      else idle = setTimeout(() => void release(), keepWarm).unref();
    }
  };

  return {
    work: (method, params, hooks) => {
      const done = last.then(() => doNow(method, params, hooks));
      last = done.catch(() => {});
      return done;
    },
    close: async () => {
      await last;
      clearTimeout(idle);
      await release();
    },
  };
}
