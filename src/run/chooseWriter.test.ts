/** @file Which writer a setting selects, and whether rows may be sent to it. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../model/writers/testServer.fixture.ts';
import { chooseWriter, destinationText, requireModel } from './chooseWriter.ts';
import { openWriter } from './openWriter.ts';
import { parseWriterBudget, type WriterChoice } from './spec.ts';
import { hasConsent, keepConsent } from './writerConsent.ts';

const temporary = mkdtempSync(join(tmpdir(), 'tandem-choose-'));
const servers: TestServer[] = [];
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  rmSync(temporary, { recursive: true, force: true });
});

const serving = async (...models: readonly string[]): Promise<TestServer> => {
  const server = await startTestServer((_, response) => response.end(JSON.stringify({ data: models.map((id) => ({ id })) })));
  servers.push(server);
  return server;
};
const endpoint = (url: string, model = 'qwen3:8b'): WriterChoice => ({ kind: 'endpoint', url, model });

describe('a setting', () => {
  test('none selects no writer', async () => expect(await chooseWriter('none')).toEqual({}));

  test('an address selects the first model that can write, or the named one', async () => {
    const { url } = await serving('nomic-embed-text', 'qwen3:8b', 'gemma3:12b');
    const { host } = new URL(url);
    expect(await chooseWriter(url)).toEqual({ choice: endpoint(`${url}/v1`), found: `${host} has qwen3:8b, gemma3:12b.` });
    expect(await chooseWriter(url, { model: 'gemma3:12b' })).toEqual({ choice: endpoint(`${url}/v1`, 'gemma3:12b') });
  });

  test('an address without a model that can write is refused', async () => {
    const { url } = await serving('nomic-embed-text');
    await expect(chooseWriter(url)).rejects.toMatchObject({ reason: 'bad-writer' });
  });

  test('auto selects the first server on this machine, and reports what it found', async () => {
    const gone = await startTestServer(() => {});
    await gone.close();
    const [first, second] = [await serving('one'), await serving('two', 'three')];
    const known = [
      { name: 'A', url: `${gone.url}/v1` },
      { name: 'B', url: `${first.url}/v1` },
      { name: 'C', url: `${second.url}/v1` },
    ];
    expect(await chooseWriter('auto', { servers: known })).toEqual({
      choice: endpoint(`${first.url}/v1`, 'one'),
      found: `B at ${new URL(first.url).host} has one.`,
    });
    expect((await chooseWriter('auto', { servers: known, model: 'three' })).choice).toEqual(endpoint(`${second.url}/v1`, 'three'));
    const none = await chooseWriter('auto', { servers: known.slice(0, 1) });
    expect(none.choice).toBeUndefined();
    expect(none.found).toBe(
      `No model server was found on this machine (tried: A at ${new URL(gone.url).host}). The run continues without a writer.`,
    );
  });

  test('a file of recorded answers is resolved against the working folder', async () => {
    writeFileSync(join(temporary, 'answers.json'), '{}');
    expect((await chooseWriter('answers.json', { cwd: temporary })).choice).toEqual({
      kind: 'recorded',
      file: join(temporary, 'answers.json'),
    });
    await expect(chooseWriter('none.json', { cwd: temporary })).rejects.toMatchObject({ reason: 'no-script' });
  });

  test.each(['ollama', 'ftp://localhost/v1', 'editor'])('%s is refused', async (asked) => {
    await expect(chooseWriter(asked)).rejects.toMatchObject({ reason: 'bad-writer', hint: expect.any(String) as string });
  });
});

describe('before a run begins, the server', () => {
  test('must be reachable and must have the model', async () => {
    const { url } = await serving('qwen3:8b', 'llama3.2:latest');
    await requireModel(endpoint(url));
    await requireModel(endpoint(url, 'llama3.2'));
    await expect(requireModel(endpoint(url, 'qwen3:8'))).rejects.toMatchObject({
      reason: 'bad-writer',
      hint: expect.stringContaining('qwen3:8b') as string,
    });
    const gone = await startTestServer(() => {});
    await gone.close();
    await expect(requireModel(endpoint(gone.url))).rejects.toMatchObject({ reason: 'writer-unreachable' });
  });

  test('is trusted if it lists no models', async () => {
    const server = await startTestServer((_, response) => {
      response.statusCode = 404;
      response.end();
    });
    servers.push(server);
    await requireModel(endpoint(server.url));
  });
});

describe('a writer is opened', () => {
  const spec = { tune: 'both', writer: endpoint('http://localhost:9') } as const;
  const later = { mustAnswer: false };

  test('only with consent', async () => {
    await expect(openWriter(spec, later)).rejects.toMatchObject({ reason: 'no-writer-consent' });
    const opened = await openWriter({ ...spec, writerConsent: true, writerBudget: 900 }, later);
    expect([opened?.writer.name, opened?.budget]).toEqual(['qwen3:8b at localhost:9', 900]);
  });

  test('never in a workspace that is not trusted', async () => {
    await expect(openWriter({ ...spec, writerConsent: true, untrusted: true }, later)).rejects.toMatchObject({
      reason: 'untrusted-workspace',
    });
  });

  test('not if only the weights may change, and not if no writer was requested', async () => {
    expect(await openWriter({ ...spec, tune: 'weights' }, later)).toBeUndefined();
    expect(await openWriter({ tune: 'both' }, later)).toBeUndefined();
  });

  test('from a file without consent, because no rows leave', async () => {
    const file = join(temporary, 'script.json');
    writeFileSync(file, '{"version":1,"name":"script","answers":[]}');
    expect((await openWriter({ tune: 'both', writer: { kind: 'recorded', file } }, later))?.writer.name).toBe('script');
  });
});

describe('consent', () => {
  const home = join(temporary, 'home');
  const workspace = join(temporary, 'workspace');
  mkdirSync(workspace);

  test('holds for the workspace and host that it was given for', () => {
    const [ollama, other] = [endpoint('http://localhost:11434'), endpoint('http://localhost:1234')];
    expect(hasConsent(workspace, ollama, home)).toBe(false);
    keepConsent(workspace, ollama, home);
    keepConsent(workspace, ollama, home);
    expect(hasConsent(workspace, ollama, home)).toBe(true);
    expect(hasConsent(workspace, endpoint('http://localhost:11434/v1', 'another'), home)).toBe(true);
    expect(hasConsent(workspace, other, home)).toBe(false);
    expect(hasConsent(temporary, ollama, home)).toBe(false);
    const link = join(temporary, 'link');
    symlinkSync(workspace, link);
    expect(hasConsent(link, ollama, home)).toBe(true);
    expect((JSON.parse(readFileSync(join(home, 'writers.json'), 'utf8')) as { consents: unknown[] }).consents).toHaveLength(1);
  });

  test('is never read from the workspace', () => {
    mkdirSync(join(workspace, '.tandem'), { recursive: true });
    const consents = [{ workspace, host: 'evil.example:443', at: '2026-01-01T00:00:00.000Z' }];
    writeFileSync(join(workspace, '.tandem', 'writers.json'), JSON.stringify({ version: 1, consents }));
    expect(hasConsent(workspace, endpoint('https://evil.example'), home)).toBe(false);
  });

  test('is requested in words that say where rows go', () => {
    expect(destinationText(endpoint('http://localhost:11434'))).toBe('qwen3:8b at localhost:11434, a server on this machine');
    expect(destinationText(endpoint('http://10.0.0.7:8000'))).toBe('qwen3:8b at 10.0.0.7:8000, over the network without encryption');
    expect(destinationText(endpoint('https://example.org', 'large'))).toBe('large at example.org, over the network');
  });
});

test('the writer budget is a number of tokens', () => {
  expect(['50k', '1.5M', '20000', ' 2 k'].map(parseWriterBudget)).toEqual([50_000, 1_500_000, 20_000, 2000]);
  for (const text of ['', '0', '50p', '5m30', '-1', '1e3'])
    expect(() => parseWriterBudget(text)).toThrow(expect.objectContaining({ reason: 'bad-budget' }));
});
