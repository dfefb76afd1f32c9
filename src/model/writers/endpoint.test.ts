/** @file A writer behind an OpenAI-compatible server: the request, the parsing of its answer, and the errors if it fails. */
import { afterEach, describe, expect, test } from 'vitest';
import type { TandemError } from '../../errors.ts';
import { findLocalServers } from './discover.ts';
import { baseOf, endpointWriter, isLoopback, modelsOf } from './endpoint.ts';
import { completion, startTestServer, type Answer, type TestServer } from './testServer.fixture.ts';

const servers: TestServer[] = [];
const serve = async (answer: Answer): Promise<TestServer> => {
  const server = await startTestServer(answer);
  servers.push(server);
  return server;
};
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const messages = [{ role: 'user', content: 'Write a better instruction.' }] as const;
const options = { maxTokens: 50, temperature: 0.8, seed: 7 };
const failure = async (promise: Promise<unknown>): Promise<TandemError> => {
  try {
    await promise;
  } catch (error) {
    return error as TandemError;
  }
  throw new Error('it did not fail');
};

test("a chat is sent in OpenAI's format, and the text and tokens of the answer are read", async () => {
  const server = await serve((_, response) => completion(response, 'Sort the message.', 321));
  const writer = endpointWriter({ url: server.url, model: 'qwen3:8b' }, { env: {} });
  expect(writer.name).toBe(`qwen3:8b at ${new URL(server.url).host}`);
  expect(await writer.write(messages, options)).toEqual({
    text: 'Sort the message.',
    cost: { tokensUsed: 0, outside: { tokens: 321, requests: 1 } },
  });
  const [{ method, path, headers, body }] = server.asked;
  expect([method, path, headers['content-type'], headers.authorization]).toEqual([
    'POST',
    '/v1/chat/completions',
    'application/json',
    undefined,
  ]);
  expect(JSON.parse(body)).toEqual({ model: 'qwen3:8b', messages, max_tokens: 50, temperature: 0.8, seed: 7, stream: false });
});

test('a key is read from the environment, sent as a header, and not repeated in an error', async () => {
  const server = await serve((_, response) => {
    response.statusCode = 401;
    response.end(JSON.stringify({ error: { message: 'The key s3cret is not known.' } }));
  });
  const writer = endpointWriter({ url: server.url, model: 'm' }, { env: { TANDEM_WRITER_KEY: ' s3cret ' } });
  const { reason, message, hint } = await failure(writer.write(messages, options));
  expect(server.asked[0].headers.authorization).toBe('Bearer s3cret');
  expect(reason).toBe('writer-refused');
  expect(message).toContain('status 401: The key *** is not known.');
  expect(hint).toContain('TANDEM_WRITER_KEY');
});

test('if a server counts no tokens, one is charged for every four characters', async () => {
  const server = await serve((_, response) => completion(response, 'x'.repeat(13)));
  const { cost } = await endpointWriter({ url: server.url, model: 'm' }).write(messages, options);
  expect(cost.outside).toEqual({ tokens: Math.ceil((27 + 13) / 4), requests: 1 });
});

test('an answer without text, e.g. from a model that only thought, is empty', async () => {
  const server = await serve((_, response) => completion(response, null, 50));
  expect((await endpointWriter({ url: server.url, model: 'm' }).write(messages, options)).text).toBe('');
});

describe('every failure has a reason and a remedy', () => {
  const cases: readonly (readonly [string, Answer, string, RegExp])[] = [
    [
      'an unknown model',
      (_, response) => {
        response.statusCode = 404;
        response.end('{"error":"model \\"m\\" not found"}');
      },
      'writer-refused',
      /status 404: model "m" not found/,
    ],
    [
      'a fault of the server',
      (_, response) => {
        response.statusCode = 500;
        response.end('<html>oops</html>');
      },
      'writer-refused',
      /status 500: "<html>oops<\/html>"/,
    ],
    ['text that is no JSON', (_, response) => response.end('Ollama is running'), 'writer-bad-answer', /not JSON.*"Ollama is running"/],
    ['JSON of another kind', (_, response) => response.end('{"response":"hello"}'), 'writer-bad-answer', /choices\[0\]/],
    ['a list of nothing', (_, response) => response.end('{"choices":[]}'), 'writer-bad-answer', /choices\[0\]/],
    ['null', (_, response) => response.end('null'), 'writer-bad-answer', /choices\[0\]/],
    ['an answer without end', (_, response) => response.end('x'.repeat(2 ** 22 + 1)), 'writer-bad-answer', /longer than 4 MiB/],
    ['a connection that breaks', (_, response) => response.destroy(), 'writer-unreachable', /cannot be reached/],
  ];
  test.each(cases)('%s', async (_, answer, reason, message) => {
    const server = await serve(answer);
    const error = await failure(endpointWriter({ url: server.url, model: 'm' }).write(messages, options));
    expect(error).toMatchObject({ name: 'TandemError', reason });
    expect(error.message).toMatch(message);
    expect(error.hint).toBeTruthy();
  });

  test('a server that does not exist', async () => {
    const server = await startTestServer(() => {});
    await server.close();
    const error = await failure(endpointWriter({ url: server.url, model: 'm' }).write(messages, options));
    expect(error).toMatchObject({ reason: 'writer-unreachable', hint: expect.stringContaining('Start the server') as string });
    expect(error.message).toContain('ECONNREFUSED');
  });

  test('a server that does not answer in time', async () => {
    const server = await serve(() => {});
    const error = await failure(endpointWriter({ url: server.url, model: 'm' }, { patience: 100 }).write(messages, options));
    expect(error.reason).toBe('writer-too-slow');
  });

  test("nothing is sent to the target of a server's redirect", async () => {
    const other = await serve((_, response) => completion(response, 'stolen'));
    const server = await serve((_, response) => {
      response.statusCode = 307;
      response.setHeader('location', `${other.url}/v1/chat/completions`);
      response.end();
    });
    const error = await failure(endpointWriter({ url: server.url, model: 'm' }).write(messages, options));
    expect(error.reason).toBe('writer-refused');
    expect(error.hint).toContain('another address');
    expect(other.asked).toEqual([]);
  });
});

test('an abort cancels the request with its own reason', async () => {
  const stop = new AbortController();
  const server = await serve(() => stop.abort(new Error('stopped by the user')));
  const writing = endpointWriter({ url: server.url, model: 'm' }).write(messages, { ...options, signal: stop.signal });
  await expect(writing).rejects.toThrow('stopped by the user');
});

test.each([
  ['http://localhost:11434', 'http://localhost:11434/v1'],
  ['http://localhost:11434/', 'http://localhost:11434/v1'],
  ['https://example.org/api/v1/', 'https://example.org/api/v1'],
  ['https://example.org/v1/chat/completions', 'https://example.org/v1'],
])('the address %s is %s', (given, base) => expect(baseOf(given)).toBe(base));

test.each([
  ['localhost', /not a URL/],
  ['file:///etc/passwd', /neither an http/],
  ['localhost:11434', /neither an http/],
  ['https://me:secret@example.org', /user name or a password/],
  ['https://example.org/v1?key=1', /a query or a fragment/],
])('the address %s is refused', (given, message) => {
  expect(() => baseOf(given)).toThrow(expect.objectContaining({ reason: 'bad-writer', message: expect.stringMatching(message) as string }));
});

test('addresses of this machine are recognized', () => {
  const of = (url: string): boolean => isLoopback(url);
  expect(['http://localhost:1', 'http://127.0.0.1:1', 'http://127.9.9.9', 'http://[::1]:1'].map(of)).toEqual([true, true, true, true]);
  expect(['http://localhost.evil.org', 'http://127.0.0.1.evil.org', 'http://10.0.0.1'].map(of)).toEqual([false, false, false]);
});

test('servers on this machine are found with the models that can write, in order, without the key', async () => {
  const listing: Answer = (_, response) => response.end('{"object":"list","data":[{"id":"nomic-embed-text"},{"id":"qwen3:8b"},{"id":7}]}');
  const server = await serve(listing);
  const embedding = await serve((_, response) => response.end('{"data":[{"id":"nomic-embed-text"}]}'));
  const website = await serve((_, response) => response.end('<html>'));
  const gone = await startTestServer(() => {});
  await gone.close();
  expect(await modelsOf(server.url)).toEqual(['nomic-embed-text', 'qwen3:8b']);
  process.env.TANDEM_WRITER_KEY = 'k';
  try {
    const known = [website, gone, embedding, server].map(({ url }, place) => ({ name: `server ${place}`, url }));
    expect(await findLocalServers(known)).toEqual([{ name: 'server 3', url: server.url, models: ['qwen3:8b'] }]);
  } finally {
    delete process.env.TANDEM_WRITER_KEY;
  }
  expect(server.asked.at(-1)).toMatchObject({ method: 'GET', path: '/v1/models' });
  expect(server.asked.at(-1)!.headers.authorization).toBeUndefined();
});
