/** @file What is suggested at the cursor, `|`, of a prompt file, and what a hover there says. */
import { describe, expect, test } from 'vitest';
import { parsePromptFile } from '../../prompt/readPrompt.ts';
import type { SettingHelp } from '../../prompt/settingReaders.ts';
import { tandemHelp } from '../../prompt/settingTable.ts';
import { suggestionsAt, type SuggestionSources } from './completion.ts';
import { stepSample, type DataSample } from './dataSample.ts';
import { promptHover } from './promptHover.ts';

const rows = ['red', 'blue', 'red', 'one `tick`\nand a line', 'white'].map((text, i) => ({
  id: `${i}`,
  line: i + 1,
  values: { text, kind: 'colour', 'a: b': '' },
}));
const sample: DataSample = { columns: ['text', 'kind', 'a: b'], rows };
const sources: SuggestionSources = {
  sample: async () => sample,
  models: async () => [{ name: 'nano', about: 'comes with Tandem' }],
  dataFiles: async () => ['rows.jsonl', 'my data.csv'],
};

const parsed = (marked: string) => ({ file: parsePromptFile('/w/a.prompt.md', marked.replace('|', '')), offset: marked.indexOf('|') });

describe('completion', () => {
  const suggested = async (marked: string, which = 0) => {
    const { file, offset } = parsed(marked);
    const found = await suggestionsAt(file, offset, sources);
    const [chosen] = found?.suggestions.slice(which) ?? [];
    return {
      labels: found?.suggestions.map(({ label }) => label) ?? [],
      result: found && chosen && file.text.slice(0, found.span.start) + chosen.text + file.text.slice(found.span.end),
    };
  };
  const yaml = (lines: string, which = 0) => suggested(`---\n${lines}\n---\nText: \${input:text}\n`, which);

  test('at the top the key of Tandem, unless it is there', async () => {
    expect((await yaml('|')).labels).toEqual(['tandem']);
    expect((await yaml('|\ntandem:\n  data: a')).labels).toEqual([]);
  });

  test('under it the settings that are not written yet, each with what it is for', async () => {
    const { labels, result } = await yaml('tandem:\n  output: kind\n  da|');
    expect(labels).toContain('metric');
    expect(labels).not.toContain('output');
    expect(result).toContain('  data: \n');
    expect((await yaml('tandem:\n  output: kind\n  me|trc: x')).labels).toContain('metric');
    expect((await yaml('tandem:\n  decoding:\n    |')).labels).toContain('calibration');
    expect((await yaml('tandem: {output: kind, decoding: {|}}')).labels).toContain('calibration');
  });

  test.each([
    ['output', ['text', 'kind', 'a: b']],
    ['data', ['rows.jsonl', 'my data.csv']],
    ['model', ['nano']],
    ['labels', ['from-data']],
    ['template', ['text', 'chat']],
    ['adapter', []],
  ])('of %s the values that there are', async (setting, values) => {
    expect((await yaml(`tandem:\n  ${setting}: |`)).labels).toEqual(values);
    expect((await yaml(`other:\n  ${setting}: |`)).labels).toEqual([]);
  });

  test('metrics, and the choices of decoding', async () => {
    expect((await yaml('tandem:\n  metric: ac|')).labels).toEqual(expect.arrayContaining(['accuracy', 'exact-match']));
    expect((await yaml('tandem:\n  decoding: {calibration: |}')).labels).toEqual(['none', 'content-free', 'domain', 'prior']);
  });

  test('what YAML would misread is quoted', async () => {
    expect((await yaml('tandem:\n  output: te|xt', 2)).result).toContain('output: "a: b"\n');
  });

  test('in the body the columns, but for the one to predict; what ends the variable is kept', async () => {
    const body = (text: string, which = 0) => suggested(`---\ntandem: {data: a.jsonl, output: kind}\n---\n${text}`, which);
    expect((await body('Q: ${input:|}')).labels).toEqual(['text', 'a: b']);
    expect((await body('Q: ${input:t|} more')).result).toContain('Q: ${input:text} more');
    expect((await body('Q: ${input:|x:hint} more')).result).toContain('Q: ${input:text:hint} more');
    expect((await body('Q: $|')).result).toContain('Q: ${input:text}');
    expect((await body('Q: text|')).labels).toEqual([]);
  });
});

describe('hover', () => {
  const hovered = async (marked: string): Promise<string | undefined> => {
    const { file, offset } = parsed(marked);
    return (await promptHover(file, offset, sources.sample))?.text.markdown;
  };

  test('over a variable, and over the column to predict, three different values of the column', async () => {
    const text = await hovered('---\ntandem: {data: a, output: kind}\n---\n${inp|ut:text}');
    expect(text).toContain('`text`');
    expect(text!.split('\n').filter((line) => line.startsWith('- '))).toEqual(['- `red`', '- `blue`', '- ``one `tick` and a line``']);
    expect(await hovered('---\ntandem: {data: a, output: ki|nd}\n---\n${input:text}')).toContain('- `colour`');
  });

  test('over a column that is not there those that are', async () => {
    expect(await hovered('---\ntandem: {data: a, output: kind}\n---\n${input:tex|}')).toBe(
      'The data has no column `tex`. Its columns are `text`, `kind`, `a: b`.',
    );
  });

  test('over a setting what it is for; nothing over keys of others', async () => {
    expect(await hovered('---\ntandem:\n  met|ric: x\n---\n')).toBe(`\`tandem.metric\`\n\n${tandemHelp.fields!.metric.about}`);
    expect(await hovered('---\ntan|dem:\n  metric: x\n---\n')).toContain(tandemHelp.about);
    expect(await hovered('---\nmo|de: agent\ntandem:\n  metric: x\n---\n')).toBeUndefined();
    expect(await hovered('---\nmode: agent\n---\n${inp|ut:x}')).toBeUndefined();
  });
});

test('every setting is documented', () => {
  const check = ({ about, fields = {} }: SettingHelp): void => {
    expect(about).toMatch(/^[^a-z].*\.$/);
    Object.values(fields).forEach(check);
  };
  check(tandemHelp);
});

test('a step of a program reads the columns of the data and what the steps before it answer', async () => {
  const ofStep = stepSample(sample, ['hint', 'kind'], 1);
  expect(ofStep.columns).toEqual(['text', 'a: b', 'hint']);
  expect(stepSample(sample, ['hint', 'kind'], 0).columns).toEqual(['text', 'a: b']);
  const over = async (marked: string) => {
    const { file, offset } = parsed(`---\ntandem: {labels: from-data}\n---\n${marked}\n`);
    return (await promptHover(file, offset, async () => ofStep))?.text.markdown;
  };
  expect(await over('${input:hi|nt}')).toBe('The answer of an earlier step: `hint`.');
  expect(await over('${input:te|xt}')).toContain('- `red`');
});

describe('a skill', () => {
  const skill = (marked: string) => ({ file: parsePromptFile('/w/pdf/SKILL.md', marked.replace('|', '')), offset: marked.indexOf('|') });
  const labels = async (marked: string): Promise<string[]> => {
    const { file, offset } = skill(marked);
    return (await suggestionsAt(file, offset, sources))?.suggestions.map(({ label }) => label) ?? [];
  };

  test('gets its settings and their values in its metadata, and nothing elsewhere', async () => {
    expect(await labels('---\nname: pdf\n|\n---\n')).toEqual([]);
    expect(await labels('---\nmetadata:\n  tandem-data: a.json\n  |\n---\n')).toEqual(['tandem-model', 'tandem-metric']);
    expect(await labels('---\nmetadata:\n  tandem-model: |\n---\n')).toEqual(['nano']);
    expect(await labels('---\nmetadata:\n  tandem-data: |\n---\n')).toEqual(['rows.jsonl', 'my data.csv']);
    expect(await labels('---\nname: pdf\n---\nRead ${|\n')).toEqual([]);
  });

  test('explains them, and no key of other tools', async () => {
    const hovered = async (marked: string) => {
      const { file, offset } = skill(marked);
      return (await promptHover(file, offset, async () => undefined))?.text.markdown;
    };
    expect(await hovered('---\nmetadata:\n  tandem-da|ta: a.json\n---\n')).toContain('labelled queries');
    expect(await hovered('---\nmeta|data:\n  tandem-data: a.json\n---\n')).toBeUndefined();
    expect(await hovered('---\nna|me: pdf\nmetadata:\n  tandem-data: a.json\n---\n')).toBeUndefined();
  });
});
