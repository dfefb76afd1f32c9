/** @file Names in the commands that people are told to copy. */

/**
 * A name as one word of a POSIX shell, which then does nothing else: as it is where that is one, else in quotes. Windows' own quotes are double.
 */
export function shellWord(text: string): string {
  if (/^[\p{L}\p{N}._/:\\@%+=,-]+$/u.test(text) && (process.platform === 'win32' || !text.includes('\\'))) return text;
  return process.platform === 'win32' ? `"${text.replaceAll('"', '')}"` : `'${text.replaceAll("'", `'\\''`)}'`;
}
