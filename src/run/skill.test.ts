/** @file A skill is set up, evaluated and tuned with the tiny model: only its description changes. */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { exampleMark } from '../data/triggerQueries.ts';
import { descriptionSpan } from '../prompt/languages/skill.ts';
import { diffHunks } from '../prompt/hunks.ts';
import { parsePromptFile } from '../prompt/readPrompt.ts';
import { applyPrompt } from '../prompt/writePrompt.ts';
import { tinyModel } from '../../test/support/paths.ts';
import { accept, proposalOf } from './accept.ts';
import { reviewItems } from './review.ts';
import { measurePrompt } from './measure.ts';
import { readJournal } from './record/journal.ts';
import { openSession } from './session.ts';
import { setUpSkill } from './setUpSkill.ts';
import { runDefaults } from './spec.ts';
import { startRun } from './startRun.ts';

const temporary = mkdtempSync(join(tmpdir(), 'tandem-skill-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

let folder = '';
let file = '';
let count = 0;
const text = `---
name: pdf
description: >-
  Fills PDF forms.
  Use it for PDF files.
  Not for text. Not for pictures.
license: MIT # ours
metadata:
  author: someone
---
# How to
`;

beforeEach(() => {
  folder = join(temporary, String(++count), 'pdf');
  file = join(folder, 'SKILL.md');
  mkdirSync(join(folder, 'evals'), { recursive: true });
  mkdirSync(join(folder, '.tandem'));
  writeFileSync(file, text);
});

const now = (): string => readFileSync(file, 'utf8');

describe('setting up', () => {
  test('writes examples to replace, and one line in the metadata', () => {
    const { data, isNew } = setUpSkill(file);
    expect(isNew).toBe(true);
    const queries = JSON.parse(readFileSync(data, 'utf8')) as { query: string; should_trigger: boolean }[];
    expect(queries.filter(({ should_trigger: should }) => should)).toHaveLength(10);
    expect(queries.filter(({ should_trigger: should }) => !should)).toHaveLength(10);
    for (const { query } of queries) expect(query).toMatch(exampleMark);
    expect(now()).toBe(text.replace('someone\n', 'someone\n  tandem-data: evals/trigger-eval.json\n'));
  });

  test('never overwrites a file, and changes nothing the second time', () => {
    const queries = '[{"query": "mine", "should_trigger": true}]';
    writeFileSync(join(folder, 'trigger_eval.json'), queries);
    expect(setUpSkill(file)).toMatchObject({ data: join(folder, 'trigger_eval.json'), isNew: false });
    const first = now();
    expect(setUpSkill(file)).toMatchObject({ text: first, isNew: false });
    expect(readFileSync(join(folder, 'trigger_eval.json'), 'utf8')).toBe(queries);
    expect(readdirSync(join(folder, 'evals'))).toEqual([]);
    expect(() => setUpSkill(file, join(folder, 'others.json'))).toThrow('The skill names other labelled queries.');
    expect(now()).toBe(first);
  });

  test('takes queries that are elsewhere', () => {
    setUpSkill(file, join(temporary, 'queries.json'));
    expect(parsePromptFile(file, now()).settings.data).toBe('../../queries.json');
  });

  test('only a skill with front matter', () => {
    writeFileSync(file, '# No front matter\n');
    expect(() => setUpSkill(file)).toThrow('cannot edit in place');
    expect(readdirSync(join(folder, 'evals'))).toEqual([]);
    expect(() => setUpSkill(join(folder, 'README.md'))).toThrow('is not a skill');
  });
});

describe('tuning', () => {
  beforeEach(() => {
    const rows = Array.from({ length: 60 }, (_, i) => {
      const isPdf = i % 2 === 0;
      return { query: isPdf ? `fill form ${i}.pdf` : `crop picture ${i}.png`, should_trigger: isPdf };
    });
    writeFileSync(join(folder, 'evals', 'trigger-eval.json'), JSON.stringify(rows));
    setUpSkill(file);
    writeFileSync(file, now().replace('  tandem-data', `  tandem-model: ${JSON.stringify(tinyModel)}\n  tandem-data`));
  });

  test('it is evaluated as a question of yes or no', async () => {
    const session = await openSession({ ...runDefaults, prompt: file, threads: 1 });
    const measured = await measurePrompt(session, 'val');
    await session.dispose();
    for (const { prediction, gold } of measured.rows)
      expect([prediction, gold].every((each) => ['true', 'false'].includes(each!))).toBe(true);
    expect(measured.metric).toBe('accuracy');
  });

  test('a run tunes the description alone, and what it proposes is a change of its lines', async () => {
    const before = now();
    const { directory, state } = await startRun({ ...runDefaults, prompt: file, threads: 1, budget: { tokens: 60_000 } });
    expect(state.config?.tune).toBe('prompt');
    const proposed = readJournal(directory.journal).flatMap((line) => (line.type === 'candidateProposed' ? [line] : []));
    expect(proposed.length).toBeGreaterThan(3);
    const { prompt } = parsePromptFile(file, before);
    for (const { prompt: candidate, candidate: id } of proposed) {
      const { start, end } = descriptionSpan(candidate.body)!;
      expect(end - start).toBeLessThanOrEqual(1024);
      expect(candidate.labelWords).toEqual(prompt.labelWords);
      const written = parsePromptFile(file, readFileSync(join(directory.candidates, `${id}.SKILL.md`), 'utf8')).prompt.body;
      const place = descriptionSpan(written)!;
      expect(written.slice(place.start, place.end)).toBe(candidate.body.slice(start, end));
    }
    // Whether the tiny model keeps a change is chance, so the review is of one that it tried.
    const next = proposed.at(-1)!.prompt;
    const after = applyPrompt(parsePromptFile(file, before), next);
    for (const { line } of diffHunks(before, after)) expect(line).toBeGreaterThan(2);
    const proposal = { ...proposalOf(directory, state), prompt: after, after };
    expect(reviewItems(proposal, before).every(({ kind }) => kind === 'hunk')).toBe(true);
    accept(proposal);
    const written = now();
    expect(written).toBe(after);
    expect(written.slice(written.indexOf('license:'))).toBe(before.slice(before.indexOf('license:')));
  });

  test('its weights are not tuned', async () => {
    const spec = { ...runDefaults, prompt: file, threads: 1, budget: { tokens: 10_000 } } as const;
    await expect(startRun({ ...spec, tune: 'weights' })).rejects.toMatchObject({ reason: 'bad-option' });
    for (const schedule of ['classic', 'chain:p -> w', 'baseline:p-w-p', 'baseline:lora-on-gold'] as const) {
      await expect(startRun({ ...spec, schedule })).rejects.toMatchObject({ reason: 'bad-option' });
    }
  });
});
