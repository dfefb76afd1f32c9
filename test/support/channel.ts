/** @file The test's end of the connection to the extension host. Functions go there as text, and results come back as JSON. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type * as vscode from 'vscode';

/**
 * Runs a function in the extension host. It can use its arguments and globals (`process.getBuiltinModule('node:fs')`), but nothing else from
 * its surroundings. Arguments and result are transferred as JSON.
 */
export type RunInHost = <A extends readonly unknown[], R>(
  work: (editor: typeof vscode, ...args: A) => R | Thenable<R>,
  ...args: A
) => Promise<R>;

export interface Channel {
  readonly run: RunInHost;
  /** Forgets the connected extension host; the next call waits for another one. */
  forget(): void;
  close(): void;
}

/** A message through the socket, one per line. */
export interface Call {
  readonly id: number;
  readonly source: string;
  readonly args: readonly unknown[];
}
export interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string; readonly stack?: string };
}

/** The socket lies next to the folder or workspace file that the window opens, where the agent looks for it. */
export const socketName = 'host.sock';

/** How long an extension host may take to start, in milliseconds. */
const patience = 90_000;

/** Listens on the socket at this path for the agent in the extension host, which reconnects after every restart. */
export async function openChannel(path: string): Promise<Channel> {
  const pending = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>();
  let host: Socket | undefined;
  let calls = 0;
  const server = createServer((socket) => {
    host = socket;
    createInterface({ input: socket }).on('line', (line) => {
      const { id, result, error } = JSON.parse(line) as Answer;
      const call = pending.get(id);
      pending.delete(id);
      if (error) call?.reject(Object.assign(new Error(error.message), { stack: error.stack }));
      else call?.resolve(result as never);
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      if (host !== socket) return;
      forget();
    });
    server.emit('host');
  });
  server.listen(path);
  await once(server, 'listening');

  const forget = (): void => {
    host = undefined;
    for (const { reject } of pending.values()) reject(new Error('The extension host went away before it answered.'));
    pending.clear();
  };
  const connected = async (): Promise<Socket> => {
    if (!host) {
      const late = new Error(`No extension host has connected within ${patience / 1000} s.`);
      await once(server, 'host', { signal: AbortSignal.timeout(patience) }).catch(() => Promise.reject(late));
    }
    return host!;
  };
  return {
    run: async (work, ...args) => {
      const socket = await connected();
      return new Promise((resolve, reject) => {
        const call: Call = { id: calls++, source: work.toString(), args };
        pending.set(call.id, { resolve, reject });
        socket.write(`${JSON.stringify(call)}\n`);
      });
    },
    forget,
    close: () => {
      host?.destroy();
      server.close();
    },
  };
}
