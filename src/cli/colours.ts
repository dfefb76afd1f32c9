/** @file Colours, on a terminal that shows them and nowhere else. */

export type Paint = (text: string) => string;
export type Colours = Readonly<Record<'bold' | 'dim' | 'red' | 'green' | 'cyan', Paint>>;

/** ANSI's codes to begin and to end each. */
const codes = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], cyan: [36, 39] } as const;

/**
 * Colours for what is written to this stream. `NO_COLOR` (no-color.org) takes them away, `FORCE_COLOR` brings them to a log too; a value
 * that is empty counts as none, and of `FORCE_COLOR` 0 as well.
 */
export function coloursFor(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): Colours {
  const forced = env.FORCE_COLOR ? env.FORCE_COLOR !== '0' : undefined;
  const shown = !env.NO_COLOR && (forced ?? (stream.isTTY === true && env.TERM !== 'dumb'));
  const paint = (name: keyof typeof codes): Paint => {
    const [begin, end] = codes[name];
    return shown ? (text) => `\u001b[${begin}m${text}\u001b[${end}m` : (text) => text;
  };
  return { bold: paint('bold'), dim: paint('dim'), red: paint('red'), green: paint('green'), cyan: paint('cyan') };
}

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
