/** @file Commands and options with a new name. For one more version the old name works with a notice, but no help mentions it. */
import type { Command } from 'commander';

type Renames = Readonly<Record<string, string>>;

/** Old name -> new name. */
export const renamedCommands: Renames = { headroom: 'preflight' };
export const renamedOptions: Renames = { '--lever': '--tune' };

/** The arguments of a command line with the new names. An option is renamed only for commands that have the new one. */
export function withNewNames(program: Command, args: readonly string[], onNotice: (notice: string) => void): string[] {
  const place = args[0] === 'help' ? 1 : 0;
  const name = newName(renamedCommands, args[place]);
  if (name !== undefined) onNotice(noticeOf(`tandem ${args[place]}`, `tandem ${name}`));
  const words = name === undefined ? [...args] : args.with(place, name);
  const known = program.commands.find((command) => command.name() === words[place])?.options.map(({ long }) => long);
  const end = words.includes('--') ? words.indexOf('--') : words.length;
  return words.map((word, i) => {
    const [flag] = word.split('=', 1);
    const now = i < end ? newName(renamedOptions, flag) : undefined;
    if (now === undefined || !known?.includes(now)) return word;
    onNotice(noticeOf(flag, now));
    return now + word.slice(flag.length);
  });
}

const newName = (table: Renames, old = ''): string | undefined => (Object.hasOwn(table, old) ? table[old] : undefined);

const noticeOf = (old: string, now: string): string =>
  `Notice: ${old} is now called ${now}. The old name will stop working in the next version.`;
