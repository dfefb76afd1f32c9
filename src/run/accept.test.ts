/** @file Accepting a run writes prompt and adapter together, into a file that may have been edited meanwhile. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { fakeSpec } from './fakeRun.fixture.ts';
import { accept, proposalOf } from './accept.ts';
import type { Proposal } from './review.ts';
import { createRun, type RunDirectory } from './record/runDirectory.ts';
import { initialState, type RunState } from './record/state.ts';

const temporary = mkdtempSync(join(tmpdir(), 'tandem-accept-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const source = `---
description: Route a message
tandem:
  data: data.jsonl
  output: intent
---
Read the message and answer with its intent.

Message: \${input:message}
Intent:
`;
const measured = { score: { mean: 0.5, low: 0.4, high: 0.6, rows: 9 } };

const finished = (best: {
  body?: string;
  adapter?: string;
  model?: string;
}): { directory: RunDirectory; state: RunState; proposal: Proposal } => {
  const workspace = mkdtempSync(join(temporary, 'workspace-'));
  mkdirSync(join(workspace, '.tandem'));
  mkdirSync(join(workspace, 'prompts'));
  const prompt = join(workspace, 'prompts', 'intent.prompt.md');
  writeFileSync(prompt, source);
  const directory = createRun(
    {
      prompt,
      ...(best.model !== undefined && { model: best.model }),
      ...fakeSpec,
    },
    { source, data: {} },
  );
  if (best.adapter) {
    mkdirSync(join(directory.adapters, best.adapter));
    writeFileSync(join(directory.adapters, best.adapter, 'adapter_config.json'), '{}');
  }
  const body = source.slice(source.indexOf('Read'));
  const start = { candidate: '0.0', prompt: { body, demonstrations: [] }, ...measured };
  const found = { candidate: '2.1', prompt: { body: best.body ?? body, demonstrations: [] }, adapter: best.adapter, ...measured };
  const state = { ...initialState, start, best: found } as unknown as RunState;
  return { directory, state, proposal: proposalOf(directory, state) };
};

const better = 'Name the intent.\n\nMessage: ${input:message}\nIntent:\n';

test('prompt and adapter pointer are written together, and the adapter is where the pointer points', () => {
  const { proposal } = finished({ body: better, adapter: '3f2a99aa0011' });
  accept(proposal);
  const text = readFileSync(proposal.file, 'utf8').replaceAll('"', '');
  expect(text).toBe(
    source
      .replace('Read the message and answer with its intent.', 'Name the intent.')
      .replace('output: intent\n', 'output: intent\n  adapter: ../.tandem/adapters/intent-3f2a99aa\n'),
  );
  expect(existsSync(join(proposal.file, '..', '..', '.tandem', 'adapters', 'intent-3f2a99aa', 'adapter_config.json'))).toBe(true);
  expect(readFileSync(join(proposal.file, '..', '..', '.tandem', '.gitignore'), 'utf8')).toBe(
    '/runs/\n/cache/\n/results/**/*.answers.jsonl\n',
  );
});

test('an edit made since the run began is kept if it does not touch the changed lines', () => {
  const { proposal } = finished({ body: better });
  writeFileSync(proposal.file, source.replace('Route a message', 'Route a customer'));
  accept(proposal);
  expect(readFileSync(proposal.file, 'utf8')).toContain('Route a customer');
  expect(readFileSync(proposal.file, 'utf8')).toContain('Name the intent.');
});

test('an edit of the same lines is not overwritten, and nothing is written', () => {
  const { proposal, directory } = finished({ body: better, adapter: '3f2a99aa0011' });
  const edited = source.replace('Read the message', 'Look at the message');
  writeFileSync(proposal.file, edited);
  expect(() => accept(proposal)).toThrow(expect.objectContaining({ reason: 'file-changed' }) as Error);
  expect(readFileSync(proposal.file, 'utf8')).toBe(edited);
  expect(existsSync(join(directory.workspace, '.tandem', 'adapters'))).toBe(false);
});

test.each([
  { rejected: ['1'], prompt: false, adapter: true },
  { rejected: ['adapter'], prompt: true, adapter: false },
  { rejected: ['1', 'adapter'], prompt: false, adapter: false },
])('rejected items are left out: $rejected', ({ rejected, prompt, adapter }) => {
  const { proposal } = finished({ body: better, adapter: '3f2a99aa0011' });
  const { written, leftOut } = accept(proposal, rejected);
  const text = readFileSync(proposal.file, 'utf8');
  expect([text.includes('Name the intent.'), text.includes('adapter:'), existsSync(proposal.adapter!.to)]).toEqual([
    prompt,
    adapter,
    adapter,
  ]);
  expect(leftOut).toBe(rejected.length);
  expect(written).toEqual([...(prompt || adapter ? [proposal.file] : []), ...(adapter ? [proposal.adapter!.to] : [])]);
});

test('accepting twice changes nothing more', () => {
  const { proposal } = finished({ body: better, adapter: '3f2a99aa0011' });
  accept(proposal);
  const once = readFileSync(proposal.file, 'utf8');
  expect(accept(proposal)).toEqual({ written: [], leftOut: 0 });
  expect(readFileSync(proposal.file, 'utf8')).toBe(once);
});

test('a run that found nothing better proposes the file unchanged', () => {
  const { proposal } = finished({});
  expect(proposal.after).toBe(proposal.before);
  expect(proposal.adapter).toBeUndefined();
});

test('if the model was named for the run alone, its name is written to the file with the adapter', () => {
  const { proposal } = finished({ adapter: '3f2a99aa0011', model: 'some-model' });
  accept(proposal);
  const text = readFileSync(proposal.file, 'utf8').replaceAll('"', '');
  expect(text).toContain('  model: some-model\n');
  expect(text).toContain('  adapter: ../.tandem/adapters/intent-3f2a99aa\n');
});
