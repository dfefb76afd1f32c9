/** @file A writer behind an OpenAI-compatible server: Ollama, llama.cpp, LM Studio, vLLM, or a service on the network. */
import { TandemError } from '../../errors.ts';
import { estimatedTokens, type Writer, type WriterMessage, type WriteOptions, type Written } from '../writer.ts';

export interface Endpoint {
  /** http or https, e.g. `http://localhost:11434/v1`. `/v1` is added to an address without a path. */
  readonly url: string;
  /** The model's name on the server. */
  readonly model: string;
}

export interface EndpointOptions {
  /** Milliseconds for a complete answer. */
  readonly patience?: number;
  /** The environment variable with the key. The key is stored nowhere else: not in a setting, not in the record of a run. */
  readonly env?: NodeJS.ProcessEnv;
}

/** The only place of an API key. */
export const keyVariable = 'TANDEM_WRITER_KEY';

/** A model of eight billion parameters on a laptop writes about ten tokens per second. */
const usualPatience = 180_000;
/** The most bytes of a reply. */
const longestReply = 2 ** 22;

/** @throws TandemError reason 'bad-writer' for an invalid address or model */
export function endpointWriter({ url, model }: Endpoint, options: EndpointOptions = {}): Writer {
  const base = baseOf(url);
  if (model.trim() === '') throw new TandemError('bad-writer', 'The writer has no model.', { hint: 'Name one with --writer-model.' });
  return {
    name: `${model} at ${new URL(base).host}`,
    async write(messages: readonly WriterMessage[], { maxTokens, temperature, seed, signal }: WriteOptions): Promise<Written> {
      const body = { model, messages, max_tokens: maxTokens, temperature, seed, stream: false };
      const reply = await request(`${base}/chat/completions`, { body, ...(signal && { signal }) }, options);
      const text = textOf(reply, base);
      const tokens = tokensOf(reply) ?? estimatedTokens(...messages.map(({ content }) => content), text);
      return { text, cost: { tokensUsed: 0, outside: { tokens, requests: 1 } } };
    },
  };
}

/** The models that the server offers, in its order. @throws TandemError those of a request to a writer */
export async function modelsOf(url: string, options: EndpointOptions & { readonly signal?: AbortSignal } = {}): Promise<string[]> {
  const { signal } = options;
  const reply = await request(`${baseOf(url)}/models`, signal ? { signal } : {}, options);
  const { data } = asRecord(reply);
  if (!Array.isArray(data)) throw badAnswer(url, 'It does not list models.');
  return data.flatMap((each) => {
    const { id } = asRecord(each);
    return typeof id === 'string' && id !== '' ? [id] : [];
  });
}

/** The address without the part that every request adds. @throws TandemError reason 'bad-writer' */
export function baseOf(address: string): string {
  let url: URL;
  try {
    url = new URL(address);
  } catch (cause) {
    throw badAddress(address, 'is not a URL', cause);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw badAddress(address, 'is neither an http nor an https address');
  if (url.username !== '' || url.password !== '') {
    throw new TandemError('bad-writer', 'The address of the writer contains a user name or a password.', {
      hint: `Put a key in the environment variable ${keyVariable}.`,
    });
  }
  if (url.search !== '' || url.hash !== '') throw badAddress(address, 'has a query or a fragment');
  const path = url.pathname.replace(/\/+$/, '').replace(/\/chat\/completions$/, '');
  return `${url.origin}${path === '' ? '/v1' : path}`;
}

/** The host with the port, for which consent is given. @throws TandemError reason 'bad-writer' */
export const hostOf = (address: string): string => new URL(baseOf(address)).host;

/** Whether rows stay on this machine. */
export function isLoopback(address: string): boolean {
  const { hostname } = new URL(baseOf(address));
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

interface Asked {
  /** A POST if there is a body. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

async function request(
  url: string,
  { body, signal }: Asked,
  { patience = usualPatience, env = process.env }: EndpointOptions,
): Promise<unknown> {
  signal?.throwIfAborted();
  const key = env[keyVariable]?.trim();
  const slow = AbortSignal.timeout(patience);
  try {
    const response = await fetch(url, {
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
      headers: {
        accept: 'application/json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(key && { authorization: `Bearer ${key}` }),
      },
      // Rows and key go only to the server that the user consented to.
      redirect: 'manual',
      signal: signal ? AbortSignal.any([signal, slow]) : slow,
    });
    const text = await limitedText(response, url);
    if (response.status >= 300) throw refused(url, response.status, text, key);
    return parsed(text, url);
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof TandemError) throw cause;
    if (slow.aborted) {
      throw new TandemError('writer-too-slow', `${url} did not answer within ${Math.round(patience / 1000)} s.`, {
        hint: 'Use a smaller model for the writer, or a faster server.',
        cause,
      });
    }
    throw new TandemError('writer-unreachable', `${url} cannot be reached: ${causeOf(cause)}.`, {
      hint: 'Start the server, or correct the address of the writer.',
      cause,
    });
  }
}

/** `fetch` only says "fetch failed". The reason is in its cause. */
function causeOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(inner instanceof Error)) return String(inner);
  // If several addresses were tried, the errors are in a list and the message is empty.
  const { code } = inner as NodeJS.ErrnoException;
  return (inner.message || code || inner.name).replace(/\.$/, '');
}

async function limitedText(response: Response, url: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    total += chunk.length;
    if (total > longestReply) throw badAnswer(url, `It is longer than ${longestReply / 2 ** 20} MiB.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string, url: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw badAnswer(url, `It is not JSON. It begins with ${shown(text)}.`, cause);
  }
}

function textOf(reply: unknown, url: string): string {
  const { choices } = asRecord(reply);
  const { message } = asRecord(Array.isArray(choices) ? (choices as readonly unknown[])[0] : undefined);
  const { content } = asRecord(message);
  if (typeof content === 'string') return content;
  // A model that spends all its tokens on thinking returns no text.
  if (content === null) return '';
  throw badAnswer(url, 'It has no text at choices[0].message.content.');
}

function tokensOf(reply: unknown): number | undefined {
  const { total_tokens: total } = asRecord(asRecord(reply).usage);
  return typeof total === 'number' && Number.isSafeInteger(total) && total >= 0 ? total : undefined;
}

function refused(url: string, status: number, text: string, key: string | undefined): TandemError {
  const said = saidOf(key ? text.replaceAll(key, '***') : text);
  const detail = said === '' ? '' : `: ${said}`;
  return new TandemError('writer-refused', `${url} answered with status ${status}${detail}.`, { hint: hintOf(status) });
}

function hintOf(status: number): string {
  if (status < 400) return 'The server redirects to another address. Use that address if you trust it.';
  if (status === 401 || status === 403) return `Put its key in the environment variable ${keyVariable}.`;
  if (status === 404) return 'Check the address and the name of the model (--writer-model).';
  if (status === 429) return 'The server limits how often you may ask it. Wait, or use another server.';
  return status >= 500 ? 'Check the log of the server.' : 'The server rejected the request. Check its log.';
}

/** The message of an error in OpenAI's format, or the beginning of any other text. */
function saidOf(text: string): string {
  try {
    const { error, message } = asRecord(JSON.parse(text));
    const said = typeof error === 'string' ? error : (asRecord(error).message ?? message);
    if (typeof said === 'string') return said.trim().slice(0, 300).replace(/\.$/, '');
  } catch {
    // Not JSON.
  }
  return text.trim() === '' ? '' : shown(text);
}

const shown = (text: string): string => JSON.stringify(text.trim().slice(0, 80));

const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

const badAddress = (address: string, what: string, cause?: unknown): TandemError =>
  new TandemError('bad-writer', `The writer's address '${address}' ${what}.`, {
    hint: 'Write an address such as http://localhost:11434/v1.',
    cause,
  });

const badAnswer = (url: string, what: string, cause?: unknown): TandemError =>
  new TandemError('writer-bad-answer', `${url} gave an answer that Tandem cannot read. ${what}`, {
    hint: 'Use the address of an OpenAI-compatible server.',
    cause,
  });
