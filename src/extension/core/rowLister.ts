/** @file Asks a worker process for the rows of prompts, and what a model is asked for one: a big data set is read beside the editor's event loop, and beside running jobs. */
import { startWorker, type WorkerClient } from '../../run/worker/client.ts';
import { TandemError } from '../../errors.ts';
import type { ListOptions, RowList } from '../../run/measuredRows.ts';
import type { Methods } from '../../run/worker/protocol.ts';
import type { Rendered, RenderOptions } from '../../run/render.ts';
import type { SessionSpec } from '../../run/spec.ts';
import type { WriterExample } from '../../run/writerExample.ts';

export interface RowLister {
  /** One list after the other. @throws TandemError those of listRows, or reason 'worker-died' */
  readonly list: (spec: SessionSpec, options: ListOptions) => Promise<readonly RowList[]>;
  /** In the same order. @throws TandemError those of renderPrompt, or reason 'worker-died' */
  readonly render: (spec: SessionSpec, options: RenderOptions) => Promise<Rendered>;
  /** What a writer would be sent. @throws TandemError whatever is wrong with prompt file or data, or reason 'worker-died' */
  readonly writerExample: (spec: SessionSpec) => Promise<WriterExample>;
  /** Ends its process at once. */
  readonly dispose: () => void;
}

export interface RowListerOptions {
  /** dist/worker.js */
  readonly workerFile: string;
  /** Milliseconds that the process is kept for the next list. */
  readonly keepWarm?: number;
}

type Asked = 'rows' | 'render' | 'writerExample';

export function makeRowLister({ workerFile, keepWarm = 5000 }: RowListerOptions): RowLister {
  let worker: WorkerClient | undefined;
  let idle: NodeJS.Timeout | undefined;
  let tail: Promise<unknown> = Promise.resolve();
  const release = (): void => {
    clearTimeout(idle);
    void worker?.dispose();
    worker = undefined;
  };
  const ask = async <M extends Asked>(method: M, params: Methods[M]['params']): Promise<Methods[M]['result']> => {
    clearTimeout(idle);
    worker ??= startWorker({ file: workerFile, onNotification: () => {} });
    try {
      return await worker.call(method, params);
    } catch (error) {
      if (!(error instanceof TandemError) || error.reason === 'worker-died') release();
      throw error;
    } finally {
      idle = setTimeout(release, keepWarm).unref();
    }
  };
  const inTurn = <M extends Asked>(method: M, params: Methods[M]['params']): Promise<Methods[M]['result']> => {
    const answer = tail.then(() => ask(method, params));
    tail = answer.catch(() => {});
    return answer;
  };
  return {
    list: (spec, options) => inTurn('rows', { spec, ...options }),
    render: (spec, options) => inTurn('render', { spec, ...options }),
    writerExample: (spec) => inTurn('writerExample', { spec }),
    dispose: release,
  };
}
