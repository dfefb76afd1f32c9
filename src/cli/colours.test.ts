/** @file Colours appear on terminals, and elsewhere if the user asks for them. */
import { expect, test } from 'vitest';
import { asSgr, colouredDiff, coloursFor } from './colours.ts';

const terminal = { isTTY: true };
const written = (text: string): string => asSgr(text, (part) => part);

test.each<[string, { isTTY?: boolean }, NodeJS.ProcessEnv, boolean]>([
  ['a terminal', terminal, {}, true],
  ['a pipe', {}, {}, false],
  ['a dumb terminal', terminal, { TERM: 'dumb' }, false],
  ['NO_COLOR', terminal, { NO_COLOR: '1' }, false],
  ['an empty NO_COLOR, which counts as unset', terminal, { NO_COLOR: '' }, true],
  ['FORCE_COLOR in a pipe', {}, { FORCE_COLOR: '1' }, true],
  ['FORCE_COLOR=0', terminal, { FORCE_COLOR: '0' }, false],
  ['NO_COLOR before FORCE_COLOR', {}, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
])('%s', (_, stream, env, coloured) => {
  expect(written(coloursFor(stream, env).red('x'))).toBe(coloured ? '\u001b[31mx\u001b[39m' : 'x');
});

test('a coloured diff keeps its text; removed lines are red and added lines green', () => {
  const diff = '--- a\n+++ b\n@@ -1 +1 @@\n-old\n+new\n same\n\n';
  const coloured = written(colouredDiff(diff, coloursFor(terminal, {})));
  expect(coloured).toContain('\u001b[31m-old\u001b[39m\n\u001b[32m+new\u001b[39m\n same\n');
  // eslint-disable-next-line no-control-regex
  expect(coloured.replaceAll(/\u001b\[\d+m/g, '')).toBe(diff);
  expect(colouredDiff(diff, coloursFor({}, {}))).toBe(diff);
});
