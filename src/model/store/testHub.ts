/** @file For tests: a hub on this machine that serves folders as repositories, and can interrupt or damage its responses. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface TestHub {
  readonly url: string;
  /** The Range headers of all requests. */
  readonly ranges: string[];
  /** Files whose contents were requested, in order. */
  readonly downloads: string[];
  close(): Promise<void>;
}

/**
 * @param repositories  id -> folder; `.safetensors` files are announced as LFS files with sha256, others with git's hash
 * @param faults  `breakAfter`: every answer ends after this many bytes; `damage`: one byte of this file is wrong
 */
export async function startHub(
  repositories: Readonly<Record<string, string>>,
  faults: { breakAfter?: number; damage?: string } = {},
): Promise<TestHub> {
  const ranges: string[] = [];
  const downloads: string[] = [];
  const server = createServer((request, response) => {
    const [, listed] = /^\/api\/models\/([^/]+\/[^/]+)\/tree\/main/.exec(request.url ?? '') ?? [];
    if (listed) return void sendTree(response, repositories[listed]);
    const [, id, file] = /^\/([^/]+\/[^/]+)\/resolve\/main\/(.+)$/.exec(request.url ?? '') ?? [];
    if (!id || !repositories[id]) return void response.writeHead(404).end();
    if (request.headers.range) ranges.push(request.headers.range);
    if (request.headers.range !== 'bytes=0-0') downloads.push(file);
    const contents = readFileSync(join(repositories[id], file));
    if (file === faults.damage) contents[contents.length >> 1] ^= 1;
    sendFile(request, response, contents, faults.breakAfter ?? Infinity);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    ranges,
    downloads,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}

function sendTree(response: ServerResponse, folder: string | undefined): void {
  if (!folder) return void response.writeHead(404).end();
  const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  const tree = files.map(({ name }) => {
    const contents = readFileSync(join(folder, name));
    const git = createHash('sha1').update(`blob ${contents.length}\0`).update(contents).digest('hex');
    const lfs = { oid: createHash('sha256').update(contents).digest('hex'), size: contents.length, pointerSize: 130 };
    return { type: 'file', path: name, size: contents.length, oid: git, ...(name.endsWith('.safetensors') ? { lfs } : {}) };
  });
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(tree));
}

function sendFile(request: IncomingMessage, response: ServerResponse, contents: Buffer, breakAfter: number): void {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  const begin = Number(from ?? 0);
  const end = to ? Number(to) + 1 : contents.length;
  const headers = { 'content-length': end - begin, etag: '"x"', 'content-range': `bytes ${begin}-${end - 1}/${contents.length}` };
  response.writeHead(from === undefined ? 200 : 206, headers);
  if (end - begin <= breakAfter) return void response.end(contents.subarray(begin, end));
  response.write(contents.subarray(begin, begin + breakAfter), () => setTimeout(() => response.destroy(), 20));
}
