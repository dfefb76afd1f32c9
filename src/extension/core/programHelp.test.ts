/** @file What is suggested at the cursor, `|`, of a program file, and what a hover there says. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePromptFile } from '../../prompt/readPrompt.ts';
import { programHover, programSuggestionsAt, type ProgramSources } from './programHelp.ts';

const sources: ProgramSources = {
  sample: async () => ({ columns: ['text', 'kind'], rows: [] }),
  models: async () => [{ name: 'nano', about: 'comes with Tandem' }],
  dataFiles: async () => ['rows.jsonl', 'my data.csv'],
  promptFiles: async () => ['hint.prompt.md', 'more/kind.prompty'],
};
const whole = parsePromptFile('none.prompt.md', '');

const suggested = async (marked: string, which = 0): Promise<{ labels: string[]; result?: string }> => {
  const text = marked.replace('|', '');
  const found = await programSuggestionsAt({ text }, marked.indexOf('|'), whole, sources);
  const chosen = found?.suggestions.at(which);
  return {
    labels: found?.suggestions.map(({ label }) => label) ?? [],
    ...(found && chosen && { result: text.slice(0, found.span.start) + chosen.text + text.slice(found.span.end) }),
  };
};

describe('completion', () => {
  test('has the keys of a program that are not written yet, and of a step those of a step', async () => {
    expect((await suggested('data: rows.jsonl\n|\nsteps:\n  - prompt: a.prompt.md\n')).labels).toEqual([
      'version',
      'description',
      'metric',
      'model',
      'adapter',
    ]);
    expect(await suggested('mo|\n', 4)).toMatchObject({ result: 'model: \n' });
    const steps = 'steps:\n  - prompt: a.prompt.md\n    |\n  - output: b\n    \nmodel: nano\n';
    expect(await suggested(steps)).toEqual({ labels: ['output'], result: steps.replace('|', 'output: ') });
    expect((await suggested('steps:\n  - prompt: a.prompt.md\n    output: a\n  - |\n')).labels).toEqual(['prompt', 'output']);
    expect((await suggested('steps:\n  - output: a\n    p|: a.prompt.md\n')).result).toBe(
      'steps:\n  - output: a\n    prompt: a.prompt.md\n',
    );
  });

  test('has prompt files, columns, data files, metrics and models where they belong', async () => {
    expect(await suggested('steps:\n  - prompt: hi|nt\n')).toEqual({
      labels: ['hint.prompt.md', 'more/kind.prompty'],
      result: 'steps:\n  - prompt: hint.prompt.md\n',
    });
    expect((await suggested('steps:\n  - prompt: a.prompt.md\n    output: |\n')).labels).toEqual(['text', 'kind']);
    expect(await suggested('data: |', 1)).toMatchObject({ labels: ['rows.jsonl', 'my data.csv'], result: 'data: my data.csv' });
    expect((await suggested('model: |')).labels).toEqual(['nano']);
    expect((await suggested('metric: |')).labels).toContain('macro-f1');
    expect((await suggested('description: |')).labels).toEqual([]);
    expect((await suggested('# comment |')).labels).toEqual([]);
  });

  test('holds at any place of any text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(/^([ a-z:\n-]|data: |\n {2}- prompt: ){0,20}$/), fc.nat(), async (text, at) => {
        const offset = at % (text.length + 1);
        const found = await programSuggestionsAt({ text }, offset, whole, sources);
        if (found) expect(found.span.start <= offset && offset <= found.span.end && found.span.end <= text.length).toBe(true);
      }),
    );
  });
});

test('a hover says what a key is for', () => {
  const over = (marked: string): string | undefined => programHover(marked.replace('|', ''), marked.indexOf('|'))?.text.markdown;
  expect(over('da|ta: rows.jsonl\n')).toMatch(/^`data`\n\nThe rows on which/);
  expect(over('steps:\n  - pro|mpt: a.prompt.md\n')).toMatch(/^`prompt`\n\nThe prompt file/);
  expect(over('data: ro|ws.jsonl\n')).toBeUndefined();
  expect(over('other|: x\n')).toBeUndefined();
});
