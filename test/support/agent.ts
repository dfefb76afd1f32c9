/**
 * @file The extension that a test adds to the editor, bundled to dist/test/agent.cjs. It evaluates what the test that opened the window sends.
 */
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { runInThisContext } from 'node:vm';
import * as vscode from 'vscode';
import { socketName, type Answer, type Call } from './channel.ts';

export function activate(): void {
  const opened = vscode.workspace.workspaceFile ?? vscode.workspace.workspaceFolders?.[0]?.uri;
  const path = opened && join(dirname(opened.fsPath), socketName);
  // Tests that run inside the extension host do not listen.
  if (path === undefined || !existsSync(path)) return;
  const socket = connect(path);
  socket.on('error', (error) => console.error(`The test has stopped listening: ${error.message}`));
  createInterface({ input: socket }).on('line', (line) => {
    void answer(JSON.parse(line) as Call).then((answered) => socket.write(`${JSON.stringify(answered)}\n`));
  });
}

async function answer({ id, source, args }: Call): Promise<Answer> {
  try {
    const work = runInThisContext(`(${source})`) as (...args: unknown[]) => unknown;
    return { id, result: await work(vscode, ...args) };
  } catch (error) {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    return { id, error: { message, stack } };
  }
}
