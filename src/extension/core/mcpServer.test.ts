/** @file The editor's MCP server runs Tandem's own file with the editor's own runtime, and works in one folder. */
import { expect, test } from 'vitest';
import { mcpServer } from './mcpServer.ts';

test('it is the command line in one folder; modules run only where the user allows it', () => {
  expect(mcpServer('/ext/dist/cli.js', '/w/a b', false, {})).toEqual({
    command: process.execPath,
    args: ['/ext/dist/cli.js', 'mcp', '--workspace', '/w/a b'],
    env: { ELECTRON_RUN_AS_NODE: '1' },
  });
  expect(mcpServer('/ext/dist/cli.js', '/w', true, {}).args.at(-1)).toBe('--allow-modules');
});

test('what makes Node load other code is not passed on', () => {
  const env = { HOME: '/home/me', NODE_PATH: '/w/node_modules', NODE_OPTIONS: '--require ./x.js --max-old-space-size=4000' };
  expect(mcpServer('/cli.js', '/w', false, env).env).toEqual({
    NODE_PATH: null,
    NODE_OPTIONS: '--max-old-space-size=4000',
    ELECTRON_RUN_AS_NODE: '1',
  });
});
