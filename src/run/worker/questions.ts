/** @file Questions of a worker to the process that started it, and their answers: the other direction of the protocol. */
import { TandemError } from '../../errors.ts';
import type { AskHost } from '../editorWriter.ts';
import { receivedError, sendableError, type Answer, type HostMethodName, type HostMethods, type Question } from './protocol.ts';

/** How the starting process answers. The signal is aborted when the answer is no longer needed. */
export type Host = {
  readonly [M in HostMethodName]?: (params: HostMethods[M]['params'], signal: AbortSignal) => Promise<HostMethods[M]['result']>;
};

/** The worker's side. */
export interface Questioner {
  readonly ask: AskHost;
  readonly hear: (answer: Answer) => void;
}

interface Waiting {
  readonly resolve: (result: HostMethods[HostMethodName]['result']) => void;
  readonly reject: (error: unknown) => void;
}

export function questioner(send: (question: Question) => void): Questioner {
  const waiting = new Map<number, Waiting>();
  let questions = 0;
  return {
    ask: (method, params, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const id = questions++;
        const drop = (): void => {
          waiting.delete(id);
          send({ type: 'questionDropped', id });
          reject(signal!.reason as Error);
        };
        const settle =
          <T>(then: (value: T) => void) =>
          (value: T): void => {
            signal?.removeEventListener('abort', drop);
            then(value);
          };
        waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
        signal?.addEventListener('abort', drop, { once: true });
        send({ type: 'question', id, method, params });
      }),
    hear(answer) {
      const asked = waiting.get(answer.id);
      waiting.delete(answer.id);
      if (answer.type === 'answer') asked?.resolve(answer.result);
      else asked?.reject(receivedError(answer.error));
    },
  };
}

/** The side of the process that started the worker. */
export interface Answerer {
  readonly hear: (question: Question) => void;
  /** Drops all questions: the worker is gone. */
  readonly close: () => void;
}

export function answerer(host: Host, send: (answer: Answer) => void): Answerer {
  const open = new Map<number, AbortController>();
  const answer = async (question: Extract<Question, { type: 'question' }>, { signal }: AbortController): Promise<void> => {
    const { id, method, params } = question;
    try {
      const handle = host[method];
      if (!handle) throw new TandemError('writer-unreachable', `Nothing here can answer the worker's request to ${method}.`);
      const result = await handle(params, signal);
      if (open.delete(id)) send({ type: 'answer', id, result });
    } catch (error) {
      if (open.delete(id)) send({ type: 'answerFailed', id, error: sendableError(error) });
    }
  };
  return {
    hear(question) {
      if (question.type === 'questionDropped') {
        const dropped = open.get(question.id);
        open.delete(question.id);
        dropped?.abort();
        return;
      }
      const controller = new AbortController();
      open.set(question.id, controller);
      void answer(question, controller);
    },
    close() {
      for (const controller of open.values()) controller.abort();
      open.clear();
    },
  };
}
