/** @file How the editor starts `tandem mcp` for a folder of the workspace. */
import { safeEnvironment } from '../../childProcess.ts';

export interface McpServer {
  readonly command: string;
  readonly args: readonly string[];
  /** Changes of the editor's own environment; null removes a variable. */
  readonly env: Readonly<Record<string, string | null>>;
}

/** @param cli dist/cli.js. @param folder absolute path of the only folder that it may work in */
export function mcpServer(cli: string, folder: string, allowModules: boolean, env: NodeJS.ProcessEnv = process.env): McpServer {
  return {
    command: process.execPath,
    args: [cli, 'mcp', '--workspace', folder, ...(allowModules ? ['--allow-modules'] : [])],
    // In VS Code on a desktop the executable is Electron, which then acts as Node.
    env: { ...changesTo(env, safeEnvironment(env)), ELECTRON_RUN_AS_NODE: '1' },
  };
}

const changesTo = (from: NodeJS.ProcessEnv, to: NodeJS.ProcessEnv): Record<string, string | null> =>
  Object.fromEntries(
    Object.keys(from)
      .filter((name) => to[name] !== from[name])
      .map((name) => [name, to[name] ?? null]),
  );
