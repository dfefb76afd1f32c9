/** @file Nothing outside the workspace is named, by whatever way. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { modelInside, promptInside } from './workspace.ts';

const temporary = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-mcp-inside-')));
const [workspace, outside] = [join(temporary, 'workspace'), join(temporary, 'workspace-of-others')];
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const write = (file: string, text: string): void => {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
};
const promptText = (settings: string): string => `---\ntandem:\n  ${settings}\n  output: kind\n---\nSay it: \${input:text}\n`;
const outsideError = expect.objectContaining({ reason: 'outside-workspace' }) as Error;

for (const folder of [workspace, outside]) {
  write(join(folder, 'sub', 'kind.prompt.md'), promptText('data: ../rows.jsonl'));
  write(join(folder, 'rows.jsonl'), '');
}
symlinkSync(outside, join(workspace, 'link'));
symlinkSync(join(outside, 'rows.jsonl'), join(workspace, 'linked.jsonl'));

describe('a prompt file', () => {
  test('in the workspace is taken, by its relative or absolute path', () => {
    const path = join(workspace, 'sub', 'kind.prompt.md');
    expect(promptInside(workspace, 'sub/kind.prompt.md')).toBe(path);
    expect(promptInside(workspace, path)).toBe(path);
  });

  test.each(['../workspace-of-others/sub/kind.prompt.md', join(outside, 'sub', 'kind.prompt.md'), 'link/sub/kind.prompt.md', '.', '..'])(
    '%s is refused',
    (given) => expect(() => promptInside(workspace, given)).toThrow(outsideError),
  );

  test.each([
    ['data by a path', `data: ../workspace-of-others/rows.jsonl`],
    ['data by a link', 'data: linked.jsonl'],
    ['one of several data files', 'data: {train: rows.jsonl, test: ../workspace-of-others/rows.jsonl}'],
    ['an adapter', 'data: rows.jsonl\n  adapter: ../workspace-of-others'],
  ])('that names %s outside is refused, with its own place', (_, settings) => {
    const file = join(workspace, 'names.prompt.md');
    write(file, promptText(settings));
    expect(() => promptInside(workspace, file)).toThrow(expect.objectContaining({ reason: 'outside-workspace', where: { file } }));
  });

  test('of a program is refused outside too', () => {
    const program = (step: string): string => `data: rows.jsonl\nsteps:\n  - prompt: ${step}\n    output: kind\n`;
    write(join(workspace, 'one.program.yaml'), program('sub/kind.prompt.md'));
    expect(promptInside(workspace, 'one.program.yaml')).toBe(join(workspace, 'one.program.yaml'));
    write(join(workspace, 'other.program.yaml'), program('link/sub/kind.prompt.md'));
    expect(() => promptInside(workspace, 'other.program.yaml')).toThrow(outsideError);
  });
});

test('a model is a name, or a path in the workspace', () => {
  expect(modelInside(workspace, 'nano')).toBe('nano');
  expect(modelInside(workspace, 'org/name')).toBe('org/name');
  expect(modelInside(workspace, 'sub')).toBe(join(workspace, 'sub'));
  expect(modelInside(workspace, './other')).toBe(join(workspace, 'other'));
  // Not the user's home.
  expect(modelInside(workspace, '~/model')).toBe(join(workspace, '~', 'model'));
  for (const given of [outside, '../model', 'link', 'sub/../../model']) expect(() => modelInside(workspace, given)).toThrow(outsideError);
});
