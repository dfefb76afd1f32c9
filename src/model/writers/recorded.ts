/** @file A writer that plays a script of answers: for tests, for demonstrations, and for trying things without a server. */
import { TandemError } from '../../errors.ts';
import { readTextFile } from '../../files.ts';
import { parseJson } from '../../json.ts';
import { exactly, list, object, optional, shaped, text, whole } from '../../shape.ts';
import { estimatedTokens, type Writer } from '../writer.ts';

/** A JSON file. */
export interface Script {
  readonly version: 1;
  /** The name of the writer. */
  readonly name: string;
  readonly answers: readonly ScriptedAnswer[];
}

export interface ScriptedAnswer {
  /** The answer is for requests that contain this text. For all if absent. */
  readonly when?: string;
  readonly text: string;
  /** The cost to report. Estimated if absent. */
  readonly tokens?: number;
}

const script = object<Script>({
  version: exactly(1),
  name: text,
  answers: list(object<ScriptedAnswer>({ when: optional(text), text, tokens: optional(whole) })),
});

const scriptHint = 'Write: {"version": 1, "name": "…", "answers": [{"text": "…"}]}';

/** @throws TandemError reasons 'no-script', 'bad-script', 'not-a-file', 'too-large' */
export function readScript(file: string): Script {
  let source: string;
  try {
    source = readTextFile(file, { most: 2 ** 24 });
  } catch (cause) {
    if (cause instanceof TandemError) throw cause;
    throw new TandemError('no-script', 'The file of recorded answers cannot be read.', { where: { file }, hint: 'Check its path.', cause });
  }
  return shaped(script, parseJson(source, { file }, 'bad-script', scriptHint), { file }, 'bad-script', scriptHint);
}

/**
 * Of the answers that match a request, the one that its seed selects: consecutive seeds get consecutive answers. So the writer need not
 * remember a place in its script, and the same request always gets the same answer.
 */
export function recordedWriter({ name, answers }: Script): Writer {
  return {
    name,
    write: async (messages, { seed, signal }) => {
      signal?.throwIfAborted();
      const asked = messages.map(({ content }) => content);
      const fitting = answers.filter(({ when }) => when === undefined || asked.some((content) => content.includes(when)));
      if (fitting.length === 0) {
        throw new TandemError('writer-refused', `The script of ${name} has no answer to this request.`, {
          hint: 'Add an answer without "when".',
        });
      }
      const { text: said, tokens = estimatedTokens(...asked, said) } = fitting[seed % fitting.length];
      return { text: said, cost: { tokensUsed: 0, outside: { tokens, requests: 1 } } };
    },
  };
}
