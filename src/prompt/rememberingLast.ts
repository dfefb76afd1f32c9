/** @file The same text is read by many, one after the other: its variables, its roles, its faults. */

/** The function, which does not work again for the text that it was asked for last. */
export function rememberingLast<T>(read: (text: string) => T): (text: string) => T {
  let last: { readonly text: string; readonly result: T } | undefined;
  return (text) => (last?.text === text ? last : (last = { text, result: read(text) })).result;
}
