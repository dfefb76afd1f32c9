/**
 * @file All output of the command line, on stdout and stderr. Foreign text is shown and cannot control the terminal: the only control
 * characters that come out are line ends, tabs and the colours of `colours.ts`. ESLint forbids the streams themselves elsewhere.
 */
import { createInterface } from 'node:readline';
import { visible, visibleLine } from '../plain.ts';
import { asSgr } from './colours.ts';

export interface Output {
  /** Whether the stream is a terminal. */
  readonly isTTY: boolean;
  /** Prints a text that includes its line ends. */
  readonly say: (text: string) => void;
  /** Prints a value as exact JSON; control characters are written as JSON escapes. @param indent 0 for one line */
  readonly json: (value: unknown, indent?: 0 | 2) => void;
  /** Replaces the last line of the screen; the text is cut to fit. */
  readonly status: (text: string) => void;
  /** Removes that line. */
  readonly eraseStatus: () => void;
}

export interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export function outputOf(stream: Stream): Output {
  let status = '';
  return {
    get isTTY() {
      return stream.isTTY === true;
    },
    say: (text) => void stream.write(asSgr(text, visible)),
    json: (value, indent = 2) => void stream.write(`${visible(JSON.stringify(value, null, indent))}\n`),
    status(text) {
      const fitted = visibleLine(text).slice(0, (stream.columns ?? 80) - 1);
      if (fitted === status) return;
      stream.write(`\r${fitted}\u001b[K`);
      status = fitted;
    },
    eraseStatus() {
      if (status !== '') stream.write('\r\u001b[K');
      status = '';
    },
  };
}

export const stdout = outputOf(process.stdout);
export const stderr = outputOf(process.stderr);

/** Whether someone can answer a question. */
export const canAsk = (): boolean => process.stdin.isTTY === true && stderr.isTTY;

/** Asks a yes-or-no question. Any answer but yes means no, and so does the end of input. */
export function confirm(question: string): Promise<boolean> {
  stderr.say(`${question} [y/N] `);
  const lines = createInterface({ input: process.stdin });
  return new Promise((resolve) => {
    lines.once('line', (line) => {
      resolve(/^\s*y(?:es)?\s*$/i.test(line));
      lines.close();
    });
    lines.once('close', () => resolve(false));
  });
}

/** Calls back if the reader of stdout, such as `head`, is gone, or if stdout cannot be written. */
export const onOutputError = (then: (error: NodeJS.ErrnoException) => void): void => void process.stdout.on('error', then);
