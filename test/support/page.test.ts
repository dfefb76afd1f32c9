import { expect, test } from 'vitest';
import { windowUrl } from './page.ts';

const server = { url: 'http://127.0.0.1:4711', folder: '/tmp/server' };

test('the address of a window names the folder or the workspace file', () => {
  expect(windowUrl({ server, workspace: '/tmp/a b' })).toBe('http://127.0.0.1:4711/?folder=%2Ftmp%2Fa+b');
  expect(windowUrl({ server, workspace: '/tmp/two.code-workspace' })).toBe('http://127.0.0.1:4711/?workspace=%2Ftmp%2Ftwo.code-workspace');
});

test('it also names an extension under development and its tests as files of the server', () => {
  const development = { extension: '/repo', tests: '/repo/dist/test/inside.cjs', onLog: () => {}, onEnd: () => {} };
  const payload = new URL(windowUrl({ server, workspace: '/tmp/w', development })).searchParams.get('payload')!;
  expect(JSON.parse(payload)).toEqual([
    ['extensionDevelopmentPath', 'vscode-remote://127.0.0.1:4711/repo'],
    ['extensionTestsPath', 'vscode-remote://127.0.0.1:4711/repo/dist/test/inside.cjs'],
  ]);
});
