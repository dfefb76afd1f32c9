/** @file User texts use the words of docs/glossary.md, and none that it retires. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

/** The retired words, each with the words to write instead. */
const retired: readonly (readonly [word: RegExp, write: string])[] = [
  [/\blevers?\b/i, 'what to tune; the prompt, the weights'],
  [/\bheadroom\b/i, 'preflight'],
  [/\btoken passes\b|\b[\d,]+ passes\b|\bin passes\b/i, 'tokens, token budget'],
  [/\braces?\b|\braced\b/i, 'successive halving; compared'],
  [/\bflips?\b/i, 'changed predictions, fixes, regressions'],
  [/\btak(e|es|en|ing) over\b|\btook over\b/i, 'apply, accept'],
  [/\bread off\b|\bways? to read\b/i, 'label scoring'],
  [/\banew\b/i, 'again'],
  [/\bhangs? on\b/i, 'depends on'],
  [/\bbe it\b/i, 'even; whether'],
];

/** Old names that still work, and may be named. */
const oldNames =
  /(tandem|settings)\.optimize\.headroom|tandem headroom|`headroom`|--lever|media\/screenshots\/headroom\.png|[sS]essionHeadroom|measureHeadroom/g;

function complaints(text: string): string[] {
  return text
    .replaceAll(oldNames, '')
    .split('\n')
    .flatMap((line, place) =>
      retired
        .filter(([word]) => word.test(line))
        .map(([word, write]) => `${place + 1}: ${word.source} in "${line.trim().slice(0, 160)}": write ${write}`),
    );
}

const pages = [
  'README.md',
  'AGENTS.md',
  'package.nls.json',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md') && name !== 'glossary.md')
    .map((name) => `docs/${name}`),
  ...readdirSync(join(root, 'schemas')).map((name) => `schemas/${name}`),
];

/** Retired words in names of code and of the files that it writes. */
const retiredNames = /\b\w*[lL]evers?(?=[A-Z]|\b)\w*|\bpasses(?=[A-Z:}])|\btoken passes\b|\bflips?(?=[A-Z:}\].])|\bFlips?\b|\b[hH]eadroom/g;

/** Files that read what older versions wrote, or that are about words. */
const readOldNames =
  /renamed(\.test)?\.ts$|versionOne(\.test)?\.ts$|words\.test\.ts$|cli\.test\.ts$|src\/extension\/(ids|settings|commands|preflight)\.ts$/;

const sources = ['src', 'webview', 'test', 'bench'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !readOldNames.test(`${folder}/${name}`) && !name.startsWith('tensor'))
    .map((name) => `${folder}/${name}`),
);

describe('no retired word', () => {
  test.each(pages)('%s', (page) => {
    expect(complaints(textOf(page))).toEqual([]);
  });

  test('in the names of the code', () => {
    const found = sources.flatMap((file) => (textOf(file).match(retiredNames) ?? []).map((name) => `${file}: ${name}`));
    expect(found).toEqual([]);
    expect('const lever = { passes: 1, flips: [] }'.match(retiredNames)).toEqual(['lever', 'passes', 'flips']);
  });

  test('a retired word is found, and an old name that still works is allowed', () => {
    expect(complaints('Pull the lever.\nReads `--lever` for one version.')).toHaveLength(1);
    expect(complaints('2,000 passes')).toHaveLength(1);
    expect(complaints('An answer that passes.')).toEqual([]);
  });

  test('the glossary has at most 25 terms and retires these words', () => {
    const glossary = textOf('docs/glossary.md');
    const [terms, words] = glossary.split('| do not write');
    expect(terms.split('\n').filter((line) => /^\| [a-zJP]/.test(line)).length - 1).toBeLessThanOrEqual(25);
    for (const word of ['lever', 'headroom', 'passes', 'race', 'flips', 'take over']) expect(words).toContain(word);
  });
});
