/** @file The writer of a run: none without consent, none in a workspace that is not trusted. */
import { TandemError } from '../errors.ts';
import type { Writer } from '../model/writer.ts';
import { endpointWriter } from '../model/writers/endpoint.ts';
import { readScript, recordedWriter } from '../model/writers/recorded.ts';
import { requireModel } from './chooseWriter.ts';
import { editorWriter, type AskHost } from './editorWriter.ts';
import type { RunWriter } from './execute.ts';
import { usualWriterBudget } from './recordingWriter.ts';
import type { RunSpec, WriterChoice } from './spec.ts';
import { requireConsent } from './writerConsent.ts';

export interface OpenWriterOptions {
  /** Asks the process that started this one. */
  readonly ask?: AskHost;
  /** Whether the server must be reachable now: true for a run that begins, false for one that resumes with recorded answers. */
  readonly mustAnswer: boolean;
  readonly signal?: AbortSignal;
  readonly onBusy?: (what: string) => void;
}

type Asked = Pick<RunSpec, 'writer' | 'writerBudget' | 'writerConsent' | 'untrusted' | 'tune'>;

/**
 * @returns undefined if none was requested, or if it would have nothing to do
 * @throws TandemError reasons 'untrusted-workspace', 'no-writer-consent', 'bad-writer', 'no-script', 'bad-script', and those of a server that
 * is unreachable
 */
export async function openWriter(asked: Asked, { ask, mustAnswer, signal, onBusy }: OpenWriterOptions): Promise<RunWriter | undefined> {
  const { writer: choice, writerBudget = usualWriterBudget, writerConsent = false, untrusted, tune } = asked;
  if (!choice || tune === 'weights') return undefined;
  if (untrusted) {
    throw new TandemError('untrusted-workspace', 'In Restricted Mode, rows are not sent to a writer.', {
      hint: 'Trust the workspace, or run without a writer.',
    });
  }
  requireConsent(choice, writerConsent);
  if (mustAnswer) await requireModel(choice, signal);
  return { writer: writerOf(choice, ask), budget: writerBudget, ...(onBusy && { onBusy }) };
}

function writerOf(choice: WriterChoice, ask: AskHost | undefined): Writer {
  switch (choice.kind) {
    case 'endpoint':
      return endpointWriter(choice);
    case 'recorded':
      return recordedWriter(readScript(choice.file));
    case 'editor':
      return editorWriter(choice.model, ask);
  }
}
