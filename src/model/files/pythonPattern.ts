/** @file Regular expressions of Python in settings from elsewhere, with a limit on their time. */
import { createContext, Script } from 'node:vm';
import { TandemError } from '../../errors.ts';

/** Milliseconds that one match may take; module names are short. */
const longest = 500;

/**
 * Whether the whole text matches, as `re.fullmatch` says.
 * @param from  the file and the setting that the pattern stands in, for errors
 * @throws TandemError 'bad-adapter' for a pattern that JavaScript cannot read, or that takes too long
 */
export function matchesPattern(pattern: string, text: string, from: { readonly file: string; readonly setting: string }): boolean {
  const fail = (why: string, cause?: unknown): TandemError =>
    new TandemError('bad-adapter', `The regular expression ${JSON.stringify(pattern)} of "${from.setting}" ${why}.`, {
      where: { file: from.file },
      hint: 'List the full names of the modules instead.',
      cause,
    });
  try {
    sandbox.pattern = new RegExp(`^(?:${inJavaScript(pattern)})$`);
  } catch (cause) {
    throw fail('cannot be read', cause);
  }
  sandbox.text = text;
  try {
    return test.runInContext(sandbox, { timeout: longest }) as boolean;
  } catch (cause) {
    throw fail(`takes more than ${longest} ms on "${text}"`, cause);
  }
}

const sandbox = createContext({ pattern: /^$/, text: '' }) as { pattern: RegExp; text: string };
const test = new Script('pattern.test(text)');

/** Named groups and the ends of a text are written otherwise. */
const inJavaScript = (pattern: string): string =>
  pattern
    .replaceAll(/\(\?P</g, '(?<')
    .replaceAll(/\(\?P=(\w+)\)/g, '\\k<$1>')
    .replaceAll('\\A', '^')
    .replaceAll('\\Z', '$');
