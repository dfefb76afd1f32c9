/** @file A run's writer: its answers are on disk before they are used, a resumed run gets the same answers, and its budget is kept. */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TandemError } from '../errors.ts';
import type { Writer } from '../model/writer.ts';
import { endpointWriter } from '../model/writers/endpoint.ts';
import { completion, startTestServer, type TestServer } from '../model/writers/testServer.fixture.ts';
import type { JournalLine } from './record/events.ts';
import { executeRun } from './execute.ts';
import { fakeSpec } from './fakeRun.fixture.ts';
import { readJournal } from './record/journal.ts';
import { reportOf } from './words/report.ts';
import { createRun, type RunDirectory } from './record/runDirectory.ts';
import { apply } from './record/fold.ts';
import { initialState, type RunState } from './record/state.ts';
import { openAnswers } from './writerAnswers.ts';
import { writingExecution } from './writingRun.fixture.ts';
import { bundleFixture } from './worker/bundle.fixture.ts';

const temporary = mkdtempSync(join(tmpdir(), 'tandem-writing-'));
const child = join(temporary, 'writingRun.mjs');
const servers: TestServer[] = [];

beforeAll(async () => {
  await bundleFixture(join(import.meta.dirname, 'writingRun.fixture.ts'), child);
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  rmSync(temporary, { recursive: true, force: true });
});

const newRun = (): RunDirectory => {
  const workspace = mkdtempSync(join(temporary, 'workspace-'));
  writeFileSync(join(workspace, 'intent.prompt.md'), '');
  return createRun({ prompt: join(workspace, 'intent.prompt.md'), ...fakeSpec }, { source: '', data: {} }, new Date(0));
};
/** The journal without what the clock wrote and without the server's address. */
const timeless = ({ journal }: RunDirectory): unknown[] =>
  readJournal(journal).map((line) => ({ ...line, at: 0, ...(line.type === 'runStarted' && { config: undefined }) }));
const stateOf = ({ journal }: RunDirectory): RunState => readJournal(journal).reduce(apply, initialState);
const answersIn = (directory: RunDirectory): Extract<JournalLine, { type: 'writerAnswered' }>[] =>
  readJournal(directory.journal).flatMap((line) => (line.type === 'writerAnswered' ? [line] : []));

/** Answers differently each time it is asked, and fails the fourth time. */
async function moodyServer(): Promise<TestServer & { readonly said: Map<string, string | undefined> }> {
  const said = new Map<string, string | undefined>();
  const server = await startTestServer((request, response, number) => {
    const text = number === 4 ? undefined : `Draft ${number} of process ${process.pid}`;
    said.set(request.body, text);
    if (text !== undefined) return completion(response, text, 100 + number);
    response.statusCode = 503;
    response.end('{"error":"busy"}');
  });
  servers.push(server);
  return { ...server, said };
}

const work = (directory: RunDirectory, url: string, dieAfter?: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const args = [child, directory.path, url, ...(dieAfter ? [String(dieAfter)] : [])];
    const worker = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    worker.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    worker.on('close', (code, signal) => (code === 0 || signal === 'SIGKILL' ? resolve() : reject(new Error(errors))));
  });

test.each([5, 6, 7, 8])(
  'a run that is killed after every %i lines and resumed asks nothing twice and ends as if it had not been killed',
  { tags: 'long', timeout: 60_000 },
  async (dieAfter) => {
    const server = await moodyServer();
    const directory = newRun();
    for (let i = 0; i < 4; i++) await work(directory, server.url, dieAfter);
    while (stateOf(directory).status !== 'ended') await work(directory, server.url);
    const bodies = server.asked.map(({ body }) => body);
    expect(new Set(bodies).size).toBe(bodies.length);
    expect(bodies).toHaveLength(12);
    // The same answers, at the same cost, as in a run that was never killed.
    const tokens = new Map(bodies.map((body, place) => [body, 101 + place]));
    const again = await startTestServer(({ body }, response) => {
      const text = server.said.get(body);
      if (text !== undefined) return completion(response, text, tokens.get(body));
      response.statusCode = 503;
      response.end('{"error":"busy"}');
    });
    servers.push(again);
    const unkilled = newRun();
    const writer = endpointWriter({ url: again.url, model: 'm' });
    // The writer's name is part of a request's key.
    const name = `m at ${new URL(server.url).host}`;
    await executeRun(writingExecution(unkilled, { ...writer, name }, () => {}));
    const plain = (lines: unknown[]): string => JSON.stringify(lines).replaceAll(again.url, server.url);
    expect(plain(timeless(directory))).toBe(plain(timeless(unkilled)));
  },
);

test('an answer is on disk, in both files, before it is used', async () => {
  const directory = newRun();
  const server = await moodyServer();
  const seen: string[] = [];
  await executeRun(
    writingExecution(directory, endpointWriter({ url: server.url, model: 'm' }), (line) => {
      if (line.type !== 'candidateProposed' || line.proposer !== 'written') return;
      const text = line.prompt.body;
      seen.push(text);
      expect(readFileSync(directory.answers, 'utf8')).toContain(text);
      expect(answersIn(directory).map((each) => each.text)).toContain(text);
    }),
  );
  expect(seen).toHaveLength(11);
});

test("the writer's tokens and requests are counted separately from the run's tokens, and reported", async () => {
  const directory = newRun();
  const server = await moodyServer();
  const state = await executeRun(writingExecution(directory, endpointWriter({ url: server.url, model: 'm' }), () => {}));
  const tokens = answersIn(directory).reduce((sum, each) => sum + each.tokens, 0);
  expect(state.writer).toMatchObject({ tokens, requests: 11, failed: 1, failing: 0 });
  expect(tokens).toBe(12 * 100 + 78 - 104);
  const without = newRun();
  const silent: Writer = { name: 'none', write: () => Promise.reject(new TandemError('writer-silent', 'No.')) };
  const same = await executeRun(writingExecution(without, silent, () => {}));
  expect(state.tokensUsed).toBe(same.tokensUsed);
  expect(reportOf(state)).toContain(`writer: 1.2k tokens in 11 requests to m at ${new URL(server.url).host} (budget 10k)`);
});

const counting = (said: (number: number) => string | Error): Writer & { asked: number } => {
  const writer = {
    name: 'a script',
    asked: 0,
    write: () => {
      const answer = said(++writer.asked);
      if (answer instanceof Error) return Promise.reject(answer);
      return Promise.resolve({ text: answer, cost: { tokensUsed: 0, outside: { tokens: 200, requests: 1 } } });
    },
  };
  return writer;
};

test('the writer budget is never exceeded. Then the source proposes nothing more, and the run says so once', async () => {
  const directory = newRun();
  const writer = counting((number) => `Draft ${number}`);
  const state = await executeRun(writingExecution(directory, writer, () => {}, 700));
  expect(state.writer?.tokens).toBe(600);
  expect(writer.asked).toBe(3);
  expect(state.notices.filter((notice) => notice.startsWith("The writer's budget is spent: 600 of 700 tokens"))).toHaveLength(1);
  expect(state.status).toBe('ended');
});

test('a writer that fails three times in a row is not asked again, and the run continues', async () => {
  const directory = newRun();
  const writer = counting(() => new TandemError('writer-unreachable', 'It is gone.'));
  const state = await executeRun(writingExecution(directory, writer, () => {}));
  expect(writer.asked).toBe(3);
  expect(state.writer).toMatchObject({ failed: 3, failing: 3, trouble: 'It is gone.' });
  expect(state.notices.filter((notice) => /failed 3 times in a row and will not be asked again: It is gone\./.test(notice))).toHaveLength(
    1,
  );
  expect(state.status).toBe('ended');
});

test("an error that is not the writer's fault is an error of the run, and is not recorded", async () => {
  const directory = newRun();
  const writer = counting(() => new Error('a bug'));
  await expect(executeRun(writingExecution(directory, writer, () => {}))).rejects.toThrow('a bug');
  expect(existsSync(directory.answers)).toBe(false);
});

test('a stop while the writer is asked ends the run at once, and does not count as a failure of the writer', async () => {
  const directory = newRun();
  const stop = new AbortController();
  const server = await startTestServer(() => stop.abort(new Error('stop')));
  servers.push(server);
  const execution = writingExecution(directory, endpointWriter({ url: server.url, model: 'm' }), () => {});
  const state = await executeRun({ ...execution, signal: stop.signal });
  expect(state).toMatchObject({ status: 'ended', because: 'stopped by the user' });
  expect(state.writer).toBeUndefined();
  expect(existsSync(directory.answers)).toBe(false);
});

describe('the file of answers', () => {
  const file = join(temporary, 'answers.jsonl');
  const answered = { request: 'a', text: 'Sort.', tokens: 3, requests: 1 };

  test('is read back as it was written, without a torn last line', () => {
    openAnswers(file).add(answered);
    openAnswers(file).add({ request: 'b', reason: 'writer-refused', message: 'No.' });
    appendFileSync(file, '{"version":1,"request":"c","te');
    const answers = openAnswers(file);
    expect([answers.get('a'), answers.get('b'), answers.get('c')]).toMatchObject([answered, { reason: 'writer-refused' }, undefined]);
    answers.add({ ...answered, request: 'c' });
    expect(openAnswers(file).get('c')?.request).toBe('c');
  });

  test.each([
    ['{"version":1,"request":"a"}', 'bad-file'],
    ['{"version":2}', 'newer-version'],
    ['nothing', 'bad-file'],
  ])('that says %s is refused with its line', (text, reason) => {
    const bad = join(temporary, 'bad.jsonl');
    writeFileSync(bad, `${JSON.stringify({ version: 1, ...answered })}\n${text}\n`);
    expect(() => openAnswers(bad)).toThrow(expect.objectContaining({ reason, where: { file: bad, line: 2 } }));
  });

  test('may not be a link', () => {
    const link = join(temporary, 'link.jsonl');
    symlinkSync(file, link);
    expect(() => openAnswers(link)).toThrow(expect.objectContaining({ reason: 'not-a-file' }));
  });
});
