/** @file A run keeps what it starts from. If nothing can be kept at all, measuring still works, and a run says so before it starts. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { loadAdapter } from '../model/files/peft.ts';
import { adapterFiles } from '../model/files/adapterFiles.ts';
import { noPrior } from '../optimize/proposalPrior.ts';
import { measurePrompt } from './measure.ts';
import { readRecord } from './record/runDirectory.ts';
import { openSession } from './session.ts';
import { runDefaults, type RunSpec } from './spec.ts';
import { resumeRun, startRun } from './startRun.ts';
import { readWarmStart, writeRecord } from './warmStarts.ts';

const tinyModel = join(import.meta.dirname, '..', '..', 'test', 'fixtures', 'tiny-tied');
const tinyAdapter = join(tinyModel, 'adapter');
const temporary = mkdtempSync(join(tmpdir(), 'tandem-starts-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

let workspace: string;
let spec: RunSpec;
beforeEach(() => {
  workspace = mkdtempSync(join(temporary, 'workspace-'));
  mkdirSync(join(workspace, '.tandem'));
  const rows = Array.from({ length: 40 }, (_, i) => `{"text": "thing ${i}", "kind": "${i % 2 ? 'odd' : 'even'}"}\n`);
  writeFileSync(join(workspace, 'rows.jsonl'), rows.join(''));
  const front = ['data: rows.jsonl', 'output: kind', 'labels: from-data', `model: ${tinyModel}`].map((line) => `  ${line}\n`).join('');
  writeFileSync(join(workspace, 'kind.prompt.md'), `---\ntandem:\n${front}---\nText: \${input:text}\nKind:\n`);
  spec = { ...runDefaults, prompt: join(workspace, 'kind.prompt.md'), threads: 1, budget: { tokens: 20_000 }, rows: { val: 4, test: 2 } };
});

test(
  'an adapter and a learned start from elsewhere are in the run afterwards, and a resume reads those copies',
  { tags: 'long' },
  async () => {
    const start = mkdtempSync(join(temporary, 'start-'));
    cpSync(tinyAdapter, start, { recursive: true });
    const session = await openSession(spec);
    const { name, fingerprint } = session.model;
    await session.dispose();
    writeRecord(start, { version: 2, model: { name, fingerprint }, tasks: ['a'], rounds: 1, tokensUsed: 1, prior: noPrior });

    const { directory } = await startRun({ ...spec, adapter: tinyAdapter, warmStart: start });
    const kept = readRecord(directory).spec;
    const { id } = await loadAdapter(tinyAdapter);
    expect(kept.adapter).toBe(join(directory.adapters, id));
    expect((await loadAdapter(kept.adapter!)).id).toBe(id);
    expect(kept.warmStart).toBe(join(directory.path, 'warm-start', basename(start)));
    expect((await readWarmStart(kept.warmStart!)).warm.adapter.id).toBe(id);
    expect(adapterFiles(kept.warmStart!, ['warm-start.json'])).toHaveLength(3);
    const written = JSON.parse(readFileSync(join(directory.path, 'run.json'), 'utf8')) as { spec: { adapter: string } };
    expect(written.spec.adapter).toBe(`.tandem/runs/${directory.run}/adapters/${id}`);
  },
);

test.each(['adapter', 'warmStart'] as const)(
  'a run that came from elsewhere and names an %s outside is not resumed',
  { tags: 'long' },
  async (key) => {
    const { directory } = await startRun(spec);
    const file = join(directory.path, 'run.json');
    const record = JSON.parse(readFileSync(file, 'utf8')) as { spec: object };
    writeFileSync(file, JSON.stringify({ ...record, spec: { ...record.spec, [key]: tinyAdapter } }));
    const lines = readFileSync(directory.journal, 'utf8').split(/(?<=\n)/);
    writeFileSync(directory.journal, lines.filter((line) => !line.includes('"runEnded"')).join(''));
    await expect(resumeRun(directory)).rejects.toMatchObject({ reason: 'outside-workspace', where: { file } });
  },
);

test('a workspace in which nothing can be kept is still measured, with a notice, but a run is refused before anything is loaded', async () => {
  rmSync(join(workspace, '.tandem'), { recursive: true });
  // Root may write anywhere. A folder below a file is impossible for every user.
  writeFileSync(join(workspace, '.tandem'), '');
  const session = await openSession(spec);
  const { score } = await measurePrompt(session, 'val');
  await session.dispose();
  expect(score.rows).toBe(4);
  expect(session.notices).toEqual([
    expect.stringMatching(/^The cache cannot be written, .*\.tandem: There is a file where Tandem needs a folder of its own\.$/),
    expect.stringMatching(/^The numbers could not be saved for the editor: .*\.tandem: There is a file/),
  ]);
  await expect(startRun({ ...spec, model: join(workspace, 'none.gguf') })).rejects.toMatchObject({
    reason: 'not-a-folder',
    where: { file: join(workspace, '.tandem') },
  });
  expect(existsSync(join(workspace, '.tandem', 'runs'))).toBe(false);
});
