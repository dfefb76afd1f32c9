/** @file File system errors are reported in words that a user can act on. */
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { TandemError } from '../../errors.ts';
import { explainedError, isUnwritable } from './fileErrors.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-errors-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const refused = (code: string): Error => Object.assign(new Error(`${code}: refused, open 'a'`), { code, syscall: 'open', path: 'a' });

test.each([
  ['EROFS', 'not-writable'],
  ['EACCES', 'not-writable'],
  ['EPERM', 'not-writable'],
  ['ENOSPC', 'disk-full'],
  ['EDQUOT', 'disk-full'],
  ['EFBIG', 'disk-full'],
  ['EMFILE', 'too-many-files'],
  ['ENOENT', 'missing-file'],
  ['ENOTDIR', 'not-a-file'],
  ['EISDIR', 'not-a-file'],
  ['ELOOP', 'not-a-file'],
  ['ENXIO', 'not-a-file'],
  ['ENAMETOOLONG', 'not-a-file'],
  ['EIO', 'unreadable'],
  ['EBUSY', 'unreadable'],
])('%s is %s, with its place and a remedy', (code, reason) => {
  const error = explainedError(refused(code));
  expect(error).toMatchObject({
    name: 'TandemError',
    reason,
    where: { file: 'a' },
    hint: expect.stringMatching(/\.$|tandem resume$/) as string,
  });
  expect(isUnwritable(refused(code))).toBe(true);
});

test('so is a file in place of a folder', () => {
  writeFileSync(join(folder, 'file'), '');
  for (const act of [() => mkdirSync(join(folder, 'file', 'a')), () => openSync(join(folder, 'file', 'a'), 'w')]) {
    try {
      act();
      expect.unreachable();
    } catch (error) {
      expect(explainedError(error)).toMatchObject({ reason: 'not-a-file' });
    }
  }
});

test('other errors are unchanged', () => {
  const [own, defect] = [new TandemError('bad-row', 'A row is bad.'), new TypeError('x is undefined')];
  expect(explainedError(own)).toBe(own);
  expect(explainedError(defect)).toBe(defect);
  expect([own, defect].map(isUnwritable)).toEqual([false, false]);
});
