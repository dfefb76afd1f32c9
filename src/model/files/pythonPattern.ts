/** @file Python regular expressions from settings of unknown origin, with a time limit. */
import { TandemError } from '../../errors.ts';
import { rowLimit, withinTime } from '../../timeLimit.ts';

/**
 * Whether the whole text matches, as with `re.fullmatch`.
 * @param from  the file and the setting that contain the pattern, for errors
 * @throws TandemError 'bad-adapter' for a pattern that JavaScript cannot read, or that takes too long
 */
export function matchesPattern(pattern: string, text: string, from: { readonly file: string; readonly setting: string }): boolean {
  const fail = (why: string, cause?: unknown): TandemError =>
    new TandemError('bad-adapter', `The regular expression ${JSON.stringify(pattern)} of "${from.setting}" ${why}.`, {
      where: { file: from.file },
      hint: 'List the full names of the modules instead.',
      cause,
    });
  let expression: RegExp;
  try {
    expression = new RegExp(`^(?:${inJavaScript(pattern)})$`);
  } catch (cause) {
    throw fail('cannot be read', cause);
  }
  try {
    return withinTime({ what: 'The pattern' }, () => expression.test(text));
  } catch (cause) {
    throw fail(`takes more than ${rowLimit} ms on "${text}"`, cause);
  }
}

/** Named groups and the ends of a text have another syntax. */
const inJavaScript = (pattern: string): string =>
  pattern
    .replaceAll(/\(\?P</g, '(?<')
    .replaceAll(/\(\?P=(\w+)\)/g, '\\k<$1>')
    .replaceAll('\\A', '^')
    .replaceAll('\\Z', '$');
