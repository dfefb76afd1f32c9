/** @file The command line asks before it sends rows for the first time. If nobody can answer, it sends none. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { startTestServer, type TestServer } from '../model/writers/testServer.fixture.ts';
import { stderr } from './terminal.ts';
import { writerAsked } from './writerOptions.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-writer-options-'));
const prompt = join(folder, 'intent.prompt.md');
let server: TestServer;
let home = 0;

beforeAll(async () => {
  writeFileSync(prompt, '---\ntandem:\n  data: rows.jsonl\n  output: intent\n---\nMessage: ${input:message}\nIntent:\n');
  const rows = Array.from({ length: 30 }, (_, i) => JSON.stringify({ message: `message ${i}`, intent: i % 2 ? 'card' : 'fees' }));
  writeFileSync(join(folder, 'rows.jsonl'), rows.join('\n'));
  server = await startTestServer((_, response) => response.end('{"data":[{"id":"qwen3:8b"}]}'));
});
beforeEach(() => vi.stubEnv('TANDEM_HOME', join(folder, `home ${home++}`)));
afterAll(async () => {
  vi.unstubAllEnvs();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

test('without a writer nothing is asked', async () => expect(await writerAsked(prompt, { writer: 'none' })).toEqual({}));

test('if nobody can answer, it shows what it would send and refuses', async () => {
  const said = vi.spyOn(stderr, 'say').mockImplementation(() => {});
  try {
    await expect(writerAsked(prompt, { writer: server.url })).rejects.toMatchObject({
      reason: 'no-writer-consent',
      hint: expect.stringContaining('--writer-consent') as string,
    });
    const shown = said.mock.calls.map(([text]) => text).join('');
    expect(shown).toContain(`The writer is qwen3:8b at ${new URL(server.url).host}, a server on this machine.`);
    expect(shown).toMatch(/\| the right answer: (card|fees)/);
    expect(server.asked.every(({ method }) => method === 'GET')).toBe(true);
  } finally {
    said.mockRestore();
  }
});

test('consent is remembered for this workspace', async () => {
  const said = vi.spyOn(stderr, 'say').mockImplementation(() => {});
  try {
    const chosen = { writer: { kind: 'endpoint', url: `${server.url}/v1`, model: 'qwen3:8b' }, writerBudget: 900, writerConsent: true };
    expect(await writerAsked(prompt, { writer: server.url, writerConsent: true, writerBudget: 900 })).toEqual(chosen);
    expect(await writerAsked(prompt, { writer: server.url, writerBudget: 900 })).toEqual(chosen);
  } finally {
    said.mockRestore();
  }
});
