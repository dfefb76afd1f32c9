/**
 * @file Colours on terminals that show them. In a text, a colour is a mark with a secret number that no foreign text can contain. Only the
 * writer of the output turns marks into escape codes, so whatever a text contains, the terminal gets only colours that Tandem chose.
 */
import { randomBytes } from 'node:crypto';

export type Paint = (text: string) => string;
export type Colours = Readonly<Record<'bold' | 'dim' | 'red' | 'green' | 'cyan', Paint>>;

/** The ANSI codes that begin and end each style. */
const codes = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], cyan: [36, 39] } as const;

/**
 * Colours for what is written to this stream. `NO_COLOR` (no-color.org) removes them, `FORCE_COLOR` adds them to a log too. An empty value
 * counts as unset; `FORCE_COLOR=0` removes colours.
 */
export function coloursFor(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): Colours {
  const forced = env.FORCE_COLOR ? env.FORCE_COLOR !== '0' : undefined;
  const shown = !env.NO_COLOR && (forced ?? (stream.isTTY === true && env.TERM !== 'dumb'));
  const paint = (name: keyof typeof codes): Paint => {
    const [begin, end] = codes[name];
    return shown ? (text) => mark(begin) + text + mark(end) : (text) => text;
  };
  return { bold: paint('bold'), dim: paint('dim'), red: paint('red'), green: paint('green'), cyan: paint('cyan') };
}

const secret = randomBytes(12).toString('hex');
const mark = (code: number): string => `<${secret}:${code}>`;
const marks = new RegExp(`<${secret}:(\\d+)>`);

/** Text for a terminal: marks become ANSI escape codes (SGR), and `show` escapes the text between them. */
export const asSgr = (text: string, show: (text: string) => string): string =>
  text
    .split(marks)
    .map((part, place) => (place % 2 === 0 ? show(part) : `\u001b[${part}m`))
    .join('');

/** A unified diff with its lines in the usual colours. */
export function colouredDiff(diff: string, { bold, red, green, cyan }: Colours): string {
  const paintOf = (line: string): Paint => {
    if (line.startsWith('--- ') || line.startsWith('+++ ')) return bold;
    return { '-': red, '+': green, '@': cyan }[line.slice(0, 1)] ?? ((text) => text);
  };
  return diff
    .split('\n')
    .map((line) => (line === '' ? line : paintOf(line)(line)))
    .join('\n');
}
