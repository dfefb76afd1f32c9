/** @file The rendered text is exactly what the model reads. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { scorerOf } from '../model/languageModel.ts';
import { renderPrompt, type RenderOptions } from './render.ts';
import { openSession } from './session.ts';
import { runDefaults, type RunSpec } from './spec.ts';

const fixtures = join(import.meta.dirname, '..', '..', 'test', 'fixtures');
const temporary = mkdtempSync(join(tmpdir(), 'tandem-render-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

let workspace: string;
const at = (name: string): string => join(workspace, name);
const spec = (name: string): RunSpec => ({ ...runDefaults, prompt: at(name), threads: 1 });
const render = (name: string, options: Partial<RenderOptions> = {}) => renderPrompt(spec(name), { split: 'val', row: 1, ...options });
const front = (model: string): string =>
  `tandem:\n  data: rows.jsonl\n  output: kind\n  labels: [warm, cold]\n  model: ${join(fixtures, model)}\n`;

beforeEach(() => {
  workspace = mkdtempSync(join(temporary, 'workspace-'));
  mkdirSync(at('.tandem'));
  const rows = Array.from({ length: 20 }, (_, i) => JSON.stringify({ tags: [`t${i}`, 'x'], kind: i % 2 ? 'warm' : 'cold' }));
  writeFileSync(at('rows.jsonl'), rows.join('\n'));
  writeFileSync(
    at('chat.prompty'),
    `---\nmodel: {api: chat}\n${front('tiny-tied')}---\nsystem:\nBe brief.\nuser:\n{{ tags | join("+") }}?\n`,
  );
  writeFileSync(at('plain.prompt.md'), `---\n${front('tiny-tied.gguf')}---\nTags: \${input:tags}\nKind:\n`);
});

test.each(['chat.prompty', 'plain.prompt.md'])('%s: the text and the tokens that the model reads', async (name) => {
  const session = await openSession(spec(name));
  const given: string[] = [];
  vi.spyOn(scorerOf(session.model), 'scoreLabels').mockImplementation(async (prompts) => {
    given.push(...prompts);
    return prompts.map(() => [0, 1].map(() => ({ logLikelihood: -1, tokens: 1 })));
  });
  try {
    const first = [...session.valset].sort((a, b) => a.line - b.line)[0];
    await session.freshEvaluator().evaluate({ prompt: session.file.prompt }, [first]);
    const { steps, ...rest } = await render(name);
    expect(steps.map(({ text, tokens }) => [text, tokens])).toEqual([[given[0], session.model.texts.count(given[0])]]);
    expect(rest).toEqual({
      model: 'tiny-tied',
      split: 'val',
      row: 1,
      rows: session.valset.length,
      file: at('rows.jsonl'),
      line: first.line,
    });
  } finally {
    await session.dispose();
  }
});

test('roles appear as in the prompt file, special tokens as the model reads them', async () => {
  const { steps, line } = await render('chat.prompty', { split: 'train', row: 2 });
  const question = `t${line - 1}+x?`;
  expect(steps).toEqual([
    {
      prompt: at('chat.prompty'),
      output: 'kind',
      template: 'chat',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: question },
      ],
      text: `<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n${question}<|im_end|>\n<|im_start|>assistant\n`,
      tokens: expect.any(Number) as number,
    },
  ]);
});

test("an editor's unsaved text is rendered", async () => {
  const source = `---\n${front('tiny-tied')}---\nOnly \${input:tags}`;
  expect((await render('plain.prompt.md', { source })).steps[0].text).toMatch(/^Only \["t\d+","x"\]$/);
});

test('a row that does not exist is refused', async () => {
  await expect(render('plain.prompt.md', { row: 400 })).rejects.toMatchObject({
    reason: 'no-row',
    message: 'There is no validation row 400.',
    hint: expect.stringMatching(/^They are counted from 1 to \d+\.$/) as string,
  });
});

test('in a program, the last step gets the answer of the first', async () => {
  writeFileSync(at('first.prompt.md'), `---\ntandem:\n  labels: [hot, icy]\n---\n\${input:tags} is`);
  writeFileSync(at('last.prompt.md'), `---\n${front('tiny-tied')}---\nHint: \${input:hint}\nKind:\n`);
  writeFileSync(at('a.program.yaml'), 'steps:\n  - {prompt: first.prompt.md, output: hint}\n  - {prompt: last.prompt.md, output: kind}\n');
  const { steps } = await render('a.program.yaml');
  expect(steps.map(({ output }) => output)).toEqual(['hint', 'kind']);
  expect(steps[1].text).toMatch(/^Hint: (hot|icy)\nKind:$/);
});

test('in a workspace that is not trusted no other model is read', async () => {
  await expect(renderPrompt({ ...spec('plain.prompt.md'), untrusted: true }, { split: 'val', row: 1 })).rejects.toMatchObject({
    reason: 'untrusted-workspace',
  });
});
