/** @file The entry of dist/mcp.js: offers the tools to an MCP client on standard input and output. Loaded only by `tandem mcp`. */
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import {
  CallToolRequestSchema,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
  type Tool as OfferedTool,
} from '@modelcontextprotocol/sdk/types.js';
import manifest from '../../package.json' with { type: 'json' };
import { callTool } from './callTool.ts';
import type { ObjectSchema } from './fields.ts';
import { progressReporter } from './progress.ts';
import type { Tool } from './tool.ts';
import { tools } from './tools/table.ts';
import { makeWorkQueue } from './workQueue.ts';

export interface ServeOptions {
  /** Absolute path of the folder that all paths must lie in. */
  readonly workspace: string;
  readonly allowModules: boolean;
  /** The built worker, dist/worker.js. */
  readonly workerFile: string;
  /** Hears what is wrong with the server itself or the connection. */
  readonly onTrouble: (error: unknown) => void;
}

/** Serves one client until it is gone. Then the work under way is stopped, as Ctrl+C does, and waited for. */
export async function serveMcp({ workspace, allowModules, workerFile, onTrouble }: ServeOptions): Promise<void> {
  const queue = makeWorkQueue(workerFile);
  const server = new Server(
    { name: manifest.name, title: manifest.displayName, version: manifest.version },
    { capabilities: { tools: {} }, instructions },
  );
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: tools.map(offered) }));
  server.setRequestHandler(CallToolRequestSchema, ({ params }, { signal, _meta, sendNotification }) => {
    const tool = tools.find(({ name }) => name === params.name);
    if (!tool) throw new McpError(ErrorCode.InvalidParams, `There is no tool named '${params.name}'.`);
    const token = _meta?.progressToken;
    const onProgress = progressReporter((progress) => {
      if (token === undefined || signal.aborted) return;
      sendNotification({ method: 'notifications/progress', params: { progressToken: token, ...progress } }).catch(onTrouble);
    });
    return callTool(tool, params.arguments ?? {}, { workspace, allowModules, work: queue.work, signal, onProgress }, onTrouble);
  });
  server.onerror = onTrouble;
  const gone = new Promise<void>((resolve) => (server.onclose = resolve));
  // Closing aborts the requests that are under way. A second signal ends the process at once.
  const close = (): void => void server.close();
  process.stdin.once('end', close);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, close);
  await server.connect(new StdioServerTransport());
  await gone;
  await queue.close();
}

const instructions =
  'Tandem tunes prompt files and small local language models on this machine. Evaluate a prompt before you change it, and again afterwards. Compare intervals, not only means. Never write to files under .tandem/. Results of `optimize` are accepted by the user, not by you.';

const offered = ({ name, title, description, input, output, readsOnly }: Tool): OfferedTool => ({
  name,
  title,
  description,
  inputSchema: sendable(input),
  outputSchema: sendable(output),
  annotations: { title, readOnlyHint: readsOnly === true, destructiveHint: false },
});

const sendable = ({ required = [], ...schema }: ObjectSchema): OfferedTool['inputSchema'] => ({ ...schema, required: [...required] });
