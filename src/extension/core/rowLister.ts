/** @file Asks a worker process for the rows of prompts: a big data set is read beside the editor's event loop, and beside running jobs. */
import { startWorker, type WorkerClient } from '../../run/client.ts';
import type { RowList } from '../../run/measuredRows.ts';
import type { SessionSpec } from '../../run/spec.ts';

export interface RowLister {
  /**
   * One list after the other.
   * @param most rows of each split
   * @throws TandemError those of listRows, or reason 'worker-died'
   */
  readonly list: (spec: SessionSpec, most: number) => Promise<readonly RowList[]>;
  /** Ends its process at once. */
  readonly dispose: () => void;
}

export interface RowListerOptions {
  /** dist/worker.js */
  readonly workerFile: string;
  /** Milliseconds that the process is kept for the next list. */
  readonly keepWarm?: number;
}

export function makeRowLister({ workerFile, keepWarm = 5000 }: RowListerOptions): RowLister {
  let worker: WorkerClient | undefined;
  let idle: NodeJS.Timeout | undefined;
  let tail: Promise<unknown> = Promise.resolve();
  const release = (): void => {
    clearTimeout(idle);
    void worker?.dispose();
    worker = undefined;
  };
  const ask = async (spec: SessionSpec, most: number): Promise<readonly RowList[]> => {
    clearTimeout(idle);
    worker ??= startWorker({ file: workerFile, onNotification: () => {} });
    try {
      const lists = await worker.call('rows', { spec, most });
      idle = setTimeout(release, keepWarm).unref();
      return lists;
    } catch (error) {
      release();
      throw error;
    }
  };
  return {
    list: (spec, most) => {
      const lists = tail.then(() => ask(spec, most));
      tail = lists.catch(() => {});
      return lists;
    },
    dispose: release,
  };
}
