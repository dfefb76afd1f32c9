/** @file Remembers the last result, because many functions read the same text one after the other: its variables, its roles, its faults. */

/** The function, which does not compute again for the same text as in the last call. */
export function rememberingLast<T>(read: (text: string) => T): (text: string) => T {
  let last: { readonly text: string; readonly result: T } | undefined;
  return (text) => (last?.text === text ? last : (last = { text, result: read(text) })).result;
}
