/** @file Quotes names in the commands that users copy. */

/**
 * A name as one word of a POSIX shell, with no other effect: unchanged if it is one, otherwise in quotes. Windows' own quotes are double.
 */
export function shellWord(text: string): string {
  if (/^[\p{L}\p{N}._/:\\@%+=,-]+$/u.test(text) && (process.platform === 'win32' || !text.includes('\\'))) return text;
  return process.platform === 'win32' ? `"${text.replaceAll('"', '')}"` : `'${text.replaceAll("'", `'\\''`)}'`;
}
