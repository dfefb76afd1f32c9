/**
 * @file A run's writer: each answer is on the disk before it is used, and counted in the run's own account of the writer's tokens. What it
 * does depends on the journal and on the answers so far, so a resumed run is told what a run that was never killed would have been told.
 */
import { TandemError } from '../errors.ts';
import { estimatedTokens, isWriterTrouble, type Writer, type WriterMessage, type WriteOptions, type Written } from '../model/writer.ts';
import type { RunEvent } from './record/events.ts';
import { count } from './words/format.ts';
import type { RunState } from './record/state.ts';
import { requestKey, type Answered, type Answers } from './writerAnswers.ts';

export interface Recording {
  readonly answers: Answers;
  /** Tokens of the writer that the run may spend. */
  readonly budget: number;
  readonly view: () => RunState;
  /** Keys of the requests that the journal tells of. */
  readonly told: ReadonlySet<string>;
  readonly emit: (event: RunEvent) => void;
  /** Waits until the journal is on the disk itself. */
  readonly flush: () => void;
  /** Hears that it is asked. */
  readonly onBusy?: (what: string) => void;
}

/** After this many troubles in a row a writer is asked no more. */
export const patienceWithTrouble = 3;

/** What tokens a writer may spend where nobody says otherwise: some 15 drafts. */
export const usualWriterBudget = 50_000;

export function recordingWriter(writer: Writer, recording: Recording): Writer {
  const { answers, budget, view, told, emit, flush, onBusy } = recording;
  /** Once in the life of a run. */
  const notice = (message: string): void => {
    if (!view().notices.includes(message)) emit({ type: 'noticed', message });
  };
  const ask = async (request: string, messages: readonly WriterMessage[], options: WriteOptions): Promise<Answered> => {
    onBusy?.(`Asking ${writer.name}`);
    try {
      const { text, cost } = await writer.write(messages, options);
      const { tokens = 0, requests = 0 } = cost.outside ?? {};
      return { request, text, tokens, requests };
    } catch (error) {
      // Whatever stops the run is not the writer's fault, and not its answer.
      options.signal?.throwIfAborted();
      if (!isWriterTrouble(error)) throw error;
      return { request, reason: error.reason, message: error.message };
    }
  };
  return {
    name: writer.name,
    async write(messages, options): Promise<Written> {
      options.signal?.throwIfAborted();
      const { tokens = 0, failing = 0, trouble } = view().writer ?? {};
      if (failing >= patienceWithTrouble) {
        notice(`The writer ${writer.name} failed ${failing} times in a row and will not be asked again: ${trouble ?? ''}`);
        throw new TandemError('writer-silent', `${writer.name} will not be asked again.`);
      }
      if (tokens + mostTokens(messages, options) > budget) {
        notice(
          `The writer's budget is spent: ${count(tokens)} of ${count(budget)} tokens, and another draft could cost more than is left.`,
        );
        throw new TandemError('writer-spent', `The budget of ${writer.name} is spent.`);
      }
      const request = requestKey(writer.name, messages, options);
      const isAgain = told.has(request);
      const known = answers.get(request);
      const answered = known ?? (await ask(request, messages, options));
      if (!known) answers.add(answered);
      const phase = view().phases.at(-1)?.phase ?? 0;
      if ('reason' in answered) {
        if (!isAgain) emit({ type: 'writerFailed', phase, ...answered });
        flush();
        throw new TandemError(answered.reason, answered.message);
      }
      // The same request of the same run is asked once, and costs once.
      if (!isAgain) emit({ type: 'writerAnswered', phase, ...answered });
      flush();
      return { text: answered.text, cost: { tokensUsed: 0, outside: { tokens: answered.tokens, requests: answered.requests } } };
    },
  };
}

/** What a request may come to. */
const mostTokens = (messages: readonly WriterMessage[], { maxTokens }: WriteOptions): number =>
  maxTokens + estimatedTokens(...messages.map(({ content }) => content));
