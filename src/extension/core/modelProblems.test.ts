/** @file Models that a prompt file names and that are not on this machine. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { parsePromptFile } from '../../prompt/readPrompt.ts';
import type { Problem } from '../../prompt/promptFile.ts';
import { missingModel, modelProblems } from './modelProblems.ts';

const home = mkdtempSync(join(tmpdir(), 'tandem-models-'));
vi.stubEnv('TANDEM_HOME', home);
vi.stubEnv('HF_HOME', home);
vi.stubEnv('HF_HUB_CACHE', join(home, 'hub'));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

const problems = async (model: string): Promise<Problem[]> => {
  const file = parsePromptFile(join(home, 'a.prompt.md'), `---\ntandem: {data: rows.jsonl, output: kind${model}}\n---\n\${input:text}\n`);
  const missing = await missingModel(file);
  return missing ? modelProblems(file, missing) : [];
};

test('the embedded model is there, and a file that names no model needs none', async () => {
  expect(await problems('')).toEqual([]);
  expect(await problems(', model: nano')).toEqual([]);
});

test('of a name that there is none of, the nearest is suggested', async () => {
  const [problem] = await problems(', model: nanoo');
  expect(problem).toMatchObject({ severity: 'error', message: 'There is no model "nanoo".', hint: 'Did you mean "nano"?' });
  expect(problem.fix).toMatchObject({ instead: ['nano', 'smollm2-135m'] });
  expect(problem.fix).not.toHaveProperty('model');
  expect((await problems(', model: unheard-of'))[0].hint).toMatch(/^Known here: nano, smollm2-135m\. Name a folder, a \.gguf file/);
});

test.each(['smollm2-135m', 'someone/some-model'])('%s can be added', async (model) => {
  expect(await problems(`, model: ${model}`)).toEqual([
    expect.objectContaining({
      severity: 'information',
      message: `The model "${model}" is not on this machine. It is downloaded when it is first used.`,
      fix: expect.objectContaining({ model, instead: [] }) as unknown,
    }),
  ]);
});

test('a path that leads to no model is an error', async () => {
  expect(await problems(', model: ./models/mine')).toEqual([
    expect.objectContaining({ severity: 'error', message: expect.stringContaining('There is no model here') as unknown }),
  ]);
});
