/** @file The worker's side of the protocol: answers requests, beats, and dies with its parent. */
import { setPriority } from 'node:os';
import { TandemError } from '../../errors.ts';
import { pulse } from '../../pulse.ts';
import { startBeating } from './beatThread.ts';
import type { AskHost } from '../editorWriter.ts';
import { questioner } from './questions.ts';
import {
  sendableError,
  type FromWorker,
  type MethodName,
  type Methods,
  type Notification,
  type Request,
  type ToWorker,
} from './protocol.ts';

/** How the worker handles requests. An aborted signal asks for a graceful end. */
export type Handlers = { readonly [M in Exclude<MethodName, 'stop'>]: Handler<M> };

type Handler<M extends MethodName> = (
  params: Methods[M]['params'],
  tell: (notification: Notification) => void,
  signal: AbortSignal,
  ask: AskHost,
) => Promise<Methods[M]['result']>;

/** A low priority, so that the editor and the user's other programs go first. */
const niceness = 10;

/** Serves the parent that forked this process until the parent is gone. */
export function serve(handlers: Handlers): void {
  if (!process.send)
    throw new TandemError('no-parent', 'Tandem starts the worker itself. You cannot start it by hand.', {
      hint: 'Run: tandem optimize <prompt>',
    });
  // Started before this thread lowers its priority, because threads that it starts later inherit that.
  startBeating(process.argv[2] === undefined ? undefined : Number(process.argv[2]));
  try {
    setPriority(niceness);
  } catch {
    // Some sandboxes forbid it. The run then keeps its normal priority.
  }
  process.on('disconnect', () => process.exit(1));
  // Ctrl-C reaches the whole process group. The parent decides what it means and sends a message.
  process.on('SIGINT', () => {});

  let current: AbortController | undefined;
  const questions = questioner(send);
  process.on('message', (request: ToWorker) => {
    pulse();
    if (request.type !== 'request') {
      questions.hear(request);
      return;
    }
    if (request.method === 'stop') {
      current?.abort();
      reply({ type: 'result', id: request.id, result: {} });
      return;
    }
    if (current) {
      reply({ type: 'error', id: request.id, error: sendableError(new TandemError('worker-busy', 'This worker is already busy.')) });
      return;
    }
    current = new AbortController();
    void answer(request, current.signal).then((message) => {
      current = undefined;
      reply(message);
    });
  });

  async function answer(request: Exclude<Request, { method: 'stop' }>, signal: AbortSignal): Promise<FromWorker> {
    try {
      const handle = handlers[request.method] as Handler<typeof request.method>;
      return { type: 'result', id: request.id, result: await handle(request.params, tell, signal, questions.ask) };
    } catch (error) {
      const stopped = error instanceof Error && error.name === 'AbortError';
      const reported = stopped ? new TandemError('stopped', 'It was stopped before it finished.') : error;
      return { type: 'error', id: request.id, error: sendableError(reported) };
    }
  }
}

/** Every report counts as progress. */
function tell(notification: Notification): void {
  pulse();
  send(notification);
}

const reply = (message: FromWorker): void => send(message);

function send(message: FromWorker): void {
  if (process.connected) process.send!(message);
}
