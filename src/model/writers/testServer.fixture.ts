/** @file A server on this machine that answers as a test specifies, and records its requests. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ServedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface TestServer {
  /** Without a path. */
  readonly url: string;
  readonly asked: readonly ServedRequest[];
  close(): Promise<void>;
}

export type Answer = (request: ServedRequest, response: ServerResponse, number: number) => void;

export async function startTestServer(answer: Answer): Promise<TestServer> {
  const asked: ServedRequest[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const request = {
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString(),
      };
      asked.push(request);
      answer(request, response, asked.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** Completes a chat like an OpenAI-compatible server. */
export function completion(response: ServerResponse, content: string | null, total?: number): void {
  response.setHeader('content-type', 'application/json');
  response.end(
    JSON.stringify({
      choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
      ...(total !== undefined && { usage: { prompt_tokens: total - 1, completion_tokens: 1, total_tokens: total } }),
    }),
  );
}
