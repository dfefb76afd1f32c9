/** @file Starts a worker process and talks to it. */
import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { forkOwn } from '../../childProcess.ts';
import { TandemError } from '../../errors.ts';
import { beatDescriptor, type Patience, type Vitality } from './beat.ts';
import { listenToBeats } from './beatListener.ts';
import { receivedError, type FromWorker, type MethodName, type Methods, type Notification, type ToWorker } from './protocol.ts';
import { answerer, type Host } from './questions.ts';

export interface WorkerOptions {
  /** The built worker, dist/worker.js. */
  readonly file: string;
  readonly onNotification: (notification: Notification) => void;
  /** Answers the worker's questions. */
  readonly host?: Host;
  /** When the worker counts as busy or silent. */
  readonly patience?: Patience;
}

export interface WorkerClient {
  readonly pid: number;
  /** Whether it makes progress, is busy, or is silent. */
  readonly vitality: () => Vitality;
  /** The end of its stderr. */
  lastLines(): string;
  /** Settles once the process is gone, however it ended. */
  readonly gone: Promise<void>;
  /** @throws what the worker threw, or TandemError reason 'worker-died' with the end of its stderr */
  call<M extends MethodName>(method: M, params: Methods[M]['params']): Promise<Methods[M]['result']>;
  /** Asks for a graceful end. If that takes more than `patience` milliseconds, the process is killed. Its journal lets a run resume. */
  stop(patience: number): void;
  /** Kills the process and waits until it is gone. */
  dispose(): Promise<void>;
}

/**
 * The milliseconds that work has to stop before its process is killed. A stopped run still measures on the held-out test rows what it had
 * accepted, and a killed run can be resumed.
 */
export const stopPatience = { run: 10 * 60_000, measurement: 3000 } as const;

export function startWorker({ file, onNotification, host = {}, patience }: WorkerOptions): WorkerClient {
  const child = forkOwn(file, [String(beatDescriptor)], { pipes: 1 });
  const pending = new Map<number, { resolve: (result: Methods[MethodName]['result']) => void; reject: (error: Error) => void }>();
  const tail = keepTail(child);
  const pipe = child.stdio[beatDescriptor] as Readable;
  const beats = listenToBeats(pipe, ({ memory }) => onNotification({ type: 'heartbeat', memory }), patience);
  const send = (message: ToWorker): void => {
    if (child.connected) child.send(message);
  };
  const answers = answerer(host, send);
  let calls = 0;
  let killTimer: NodeJS.Timeout | undefined;
  const gone = new Promise<void>((resolve) => {
    const end = (how: string): void => {
      clearTimeout(killTimer);
      beats.close();
      answers.close();
      for (const { reject } of pending.values()) reject(died(how, tail()));
      pending.clear();
      resolve();
    };
    child.on('error', (error) => end(error.message));
    child.on('close', (code, signal) => end(signal ? `was ended by ${signal}` : `ended with code ${code}`));
  });
  child.on('message', (message: FromWorker) => {
    beats.noteProgress();
    if (message.type === 'question' || message.type === 'questionDropped') {
      answers.hear(message);
      return;
    }
    if (message.type !== 'result' && message.type !== 'error') {
      onNotification(message);
      return;
    }
    const call = pending.get(message.id);
    pending.delete(message.id);
    if (pending.size === 0) {
      clearTimeout(killTimer);
      killTimer = undefined;
    }
    if (message.type === 'result') call?.resolve(message.result);
    else call?.reject(receivedError(message.error));
  });
  const call = <M extends MethodName>(method: M, params: Methods[M]['params']): Promise<Methods[M]['result']> =>
    new Promise((resolve, reject) => {
      if (!child.connected) {
        reject(died('has disappeared', tail()));
        return;
      }
      beats.noteProgress();
      const id = calls++;
      // The worker answers a request with the result of its method.
      pending.set(id, { resolve, reject });
      send({ type: 'request', id, method, params } as ToWorker);
    });
  return {
    pid: child.pid!,
    vitality: beats.vitality,
    lastLines: tail,
    gone,
    call,
    stop: (patience) => {
      call('stop', {}).catch(() => {});
      killTimer ??= setTimeout(() => child.kill('SIGKILL'), patience);
      killTimer.unref();
    },
    dispose: () => {
      child.kill('SIGKILL');
      return gone;
    },
  };
}

const died = (how: string, tail: string): TandemError =>
  new TandemError('worker-died', `The worker process ${how}.${tail && `\n${tail}`}`, { hint: 'Continue where it stopped: tandem resume' });

/** The last lines that the process wrote to stderr. */
function keepTail(child: ChildProcess): () => string {
  let tail = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (tail = (tail + text).slice(-4000)));
  return () => stripVTControlCharacters(tail).trim().split('\n').slice(-20).join('\n');
}
