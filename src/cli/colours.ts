/**
 * @file Colours, on a terminal that shows them and nowhere else. Until it is written a colour is a mark that holds a number which no text of
 * others can know, so that whatever such a text contains, the terminal only gets colours that this program chose.
 */
import { randomBytes } from 'node:crypto';

export type Paint = (text: string) => string;
export type Colours = Readonly<Record<'bold' | 'dim' | 'red' | 'green' | 'cyan', Paint>>;

/** ANSI's codes to begin and to end each. */
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

/** For a terminal: colours as ANSI has them (SGR), and all between them as `show` gives it. */
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
