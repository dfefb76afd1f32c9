/**
 * @file A run's writer: each answer is on disk before it is used, and its tokens are counted in the run's separate account for the writer. What
 * it does depends only on the journal and the answers so far, so a resumed run gets the same answers as a run that was never killed.
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
  /** Keys of the requests that are in the journal. */
  readonly told: ReadonlySet<string>;
  readonly emit: (event: RunEvent) => void;
  /** Waits until the journal is on disk. */
  readonly flush: () => void;
  /** Called when the writer is asked. */
  readonly onBusy?: (what: string) => void;
}

/** After this many consecutive failures a writer is not asked again. */
export const patienceWithTrouble = 3;

/** The default budget in tokens of the writer: about 15 drafts. */
export const usualWriterBudget = 50_000;

export function recordingWriter(writer: Writer, recording: Recording): Writer {
  const { answers, budget, view, told, emit, flush, onBusy } = recording;
  /** Written once per run. */
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
      // An abort of the run is neither the writer's fault nor its answer.
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
      // A run sends the same request once and pays for it once.
      if (!isAgain) emit({ type: 'writerAnswered', phase, ...answered });
      flush();
      return { text: answered.text, cost: { tokensUsed: 0, outside: { tokens: answered.tokens, requests: answered.requests } } };
    },
  };
}

/** The most tokens that a request may cost. */
const mostTokens = (messages: readonly WriterMessage[], { maxTokens }: WriteOptions): number =>
  maxTokens + estimatedTokens(...messages.map(({ content }) => content));
