/** @file `tandem mcp` as built, with the client of the official SDK: what an agent can do with it, and what it cannot. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { CallToolResultSchema, type CallToolResult, type Progress } from '@modelcontextprotocol/sdk/types.js';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from './support/paths.ts';
import { writeTinyTask } from './support/tinyTask.ts';

const tandem = join(root, 'dist', 'cli.js');
const temporary = mkdtempSync(join(tmpdir(), 'tandem-mcp-'));
const env = { ...(process.env as Record<string, string>), TANDEM_HOME: join(temporary, 'home') };
const prompt = 'kind.prompt.md';

let workspace: string;
let client: Client;

beforeAll(async () => {
  if (!existsSync(tandem)) throw new Error('Build first: npm run build');
  workspace = newWorkspace();
  client = await connect(workspace);
});
afterAll(async () => {
  await client.close();
  rmSync(temporary, { recursive: true, force: true });
});

function newWorkspace(): string {
  const folder = mkdtempSync(join(temporary, 'workspace-'));
  mkdirSync(join(folder, '.tandem'));
  writeTinyTask(folder);
  return folder;
}

async function connect(folder: string, ...args: string[]): Promise<Client> {
  const transport = new StdioClientTransport({ command: process.execPath, args: [tandem, 'mcp', '--workspace', folder, ...args], env });
  const connected = new Client({ name: 'test', version: '1' });
  await connected.connect(transport);
  // The client then checks answers against the schemas of outputs.
  await connected.listTools();
  return connected;
}

interface CallOptions {
  readonly with?: Client;
  readonly onprogress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

const call = async (name: string, input: object, { with: asked = client, ...options }: CallOptions = {}): Promise<CallToolResult> =>
  (await asked.callTool({ name, arguments: { ...input } }, CallToolResultSchema, { timeout: 110_000, ...options })) as CallToolResult;

const textOf = ({ content: [first] }: CallToolResult): string => (first.type === 'text' ? first.text : '');

test('the tools say what they do and what they take', async () => {
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(['render', 'evaluate', 'measure_lines', 'optimize', 'results']);
  for (const { description, inputSchema, outputSchema, annotations } of tools) {
    expect(description).toMatch(/\.$/);
    expect(inputSchema).toMatchObject({ type: 'object', additionalProperties: false });
    expect(outputSchema).toMatchObject({ type: 'object' });
    expect(annotations).toMatchObject({ destructiveHint: false });
  }
  expect(client.getServerVersion()).toMatchObject({ name: 'tandem' });
});

test('render shows what the model reads', async () => {
  const rendered = await call('render', { prompt, row: 2 });
  expect(rendered.structuredContent).toMatchObject({ split: 'val', row: 2, file: 'rows.jsonl', steps: [{ prompt, output: 'kind' }] });
  const [{ text }] = (rendered.structuredContent as { steps: { text: string }[] }).steps;
  expect(text).toMatch(/Say what it is\.\n\nText: \w+ number \d+\nKind:/);
  expect(textOf(rendered)).toContain(text);
});

test('evaluate gives the score with its interval and rows, as text and as data, and reports progress', async () => {
  const heard: Progress[] = [];
  const evaluated = await call('evaluate', { prompt, rows: 12 }, { onprogress: (progress) => heard.push(progress) });
  expect(evaluated.isError).toBeFalsy();
  expect(textOf(evaluated)).toMatch(/^kind\.prompt\.md with tiny-tied, 12 validation rows\naccuracy +\d+\.\d% \[.*\]\nlog-likelihood +-/);
  expect(evaluated.structuredContent).toMatchObject({ prompt, model: 'tiny-tied', metric: 'accuracy', split: 'val', score: { rows: 12 } });
  const { mistakes } = evaluated.structuredContent as { mistakes: { line: number; gold: string; prediction: string }[] };
  expect(mistakes.length).toBeGreaterThan(0);
  for (const { gold, prediction } of mistakes) expect(prediction).not.toBe(gold);
  expect(heard.map(({ message }) => message)).toContainEqual(expect.stringMatching(/^Measuring on 12 validation rows/));
  const test = await call('evaluate', { prompt, rows: 4, split: 'test' });
  expect(test.structuredContent).toMatchObject({ split: 'test', score: { rows: 4 }, mistakes: [] });
});

test('measure_lines gives what each line is worth', async () => {
  const measured = await call('measure_lines', { prompt, rows: 12 });
  expect(measured.structuredContent).toMatchObject({ score: { rows: 12 } });
  const { lines } = measured.structuredContent as { lines: { line: number; text: string; score: { probabilityBetter: number } }[] };
  expect(lines[0]).toMatchObject({ line: 8, text: 'Say what it is.', score: { rows: 12 } });
  expect(textOf(measured)).toMatch(/ 8 {2}Say what it is\.\n.* points .*P\(better\)/);
});

describe('optimize', () => {
  test('reports progress that grows, ends with a run that `results` knows, and leaves the files as they are', async () => {
    const source = readFileSync(join(workspace, prompt), 'utf8');
    const heard: Progress[] = [];
    const optimized = await call(
      'optimize',
      { prompt, budget: '60k', tune: 'weights', seed: 1 },
      { onprogress: (each) => heard.push(each) },
    );
    expect(optimized.isError, textOf(optimized)).toBeFalsy();
    const { run, headline, next } = optimized.structuredContent as Record<'run' | 'headline' | 'next', string>;
    expect(optimized.structuredContent).toMatchObject({ stopped: false, report: `.tandem/runs/${run}/report.md` });
    expect(textOf(optimized)).toContain(`${prompt}: ${headline}\n`);
    expect(next).toMatch(/tandem accept|stay as they are/);
    expect(readFileSync(join(workspace, prompt), 'utf8')).toBe(source);
    expect(readdirSync(join(workspace, '.tandem'))).not.toContain('adapters');

    const numbers = heard.map(({ progress }) => progress);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    expect(heard.filter(({ total }) => total === 1).length).toBeGreaterThan(2);
    expect(heard.map(({ message }) => message)).toContainEqual(expect.stringMatching(/^Phase 1, /));

    const listed = await call('results', {});
    expect(listed.structuredContent).toMatchObject({ runs: [{ run, prompt, standing: 'ended', headline }], unreadable: [] });
    const { structuredContent } = await call('results', { run });
    expect((structuredContent as { report: string }).report).toMatch(/^# kind\.prompt\.md: /);
    expect((await call('results', { prompt: 'other.prompt.md' })).structuredContent).toMatchObject({ runs: [] });
  });

  test('stops gracefully when the request is cancelled, and the server goes on', async () => {
    const folder = newWorkspace();
    const own = await connect(folder);
    const cancelling = new AbortController();
    const asked = call(
      'optimize',
      { prompt, budget: '1h', tune: 'weights' },
      { with: own, signal: cancelling.signal, onprogress: ({ message }) => message?.includes('loss') && cancelling.abort() },
    );
    await expect(asked).rejects.toThrow();
    // Its turn comes once the run has ended.
    expect((await call('evaluate', { prompt, rows: 4 }, { with: own })).isError).toBeFalsy();
    const { structuredContent } = await call('results', {}, { with: own });
    expect(structuredContent).toMatchObject({ runs: [{ standing: 'ended', headline: expect.stringMatching(/^Stopped\. /) as string }] });
    await own.close();
  });
});

describe('what is refused', () => {
  const reasonOf = ({ _meta }: CallToolResult): unknown => (_meta?.['tandem/error'] as { reason: string } | undefined)?.reason;

  test('a path outside the workspace, by name, by a link, or by a prompt file that names its data there', async () => {
    const [folder, outside] = [newWorkspace(), newWorkspace()];
    const source = readFileSync(join(folder, prompt), 'utf8');
    symlinkSync(outside, join(folder, 'link'));
    writeFileSync(join(folder, 'reads.prompt.md'), source.replace('rows.jsonl', join(outside, 'rows.jsonl')));
    writeFileSync(
      join(folder, 'steps.program.yaml'),
      `data: rows.jsonl\nsteps:\n  - prompt: ../${outside.split('/').at(-1)}/${prompt}\n    output: kind\n`,
    );
    const own = await connect(folder);
    for (const given of [join(outside, prompt), `link/${prompt}`, '/etc/passwd', 'reads.prompt.md', 'steps.program.yaml']) {
      for (const tool of ['render', 'evaluate', 'measure_lines', 'optimize']) {
        const refused = await call(tool, { prompt: given }, { with: own });
        expect(reasonOf(refused), `${tool} ${given}: ${textOf(refused)}`).toBe('outside-workspace');
        expect(textOf(refused)).toMatch(/is outside the workspace .*\n {2}The MCP server works only/);
      }
    }
    expect(reasonOf(await call('results', { prompt: `../${prompt}` }, { with: own }))).toBe('outside-workspace');
    expect(reasonOf(await call('results', { run: '../../../etc' }, { with: own }))).toBe('no-run');
    for (const model of [outside, '../model'])
      expect(reasonOf(await call('evaluate', { prompt, model }, { with: own })), model).toBe('outside-workspace');
    // Nobody's home: a folder of that name in the workspace.
    expect(reasonOf(await call('evaluate', { prompt, model: '~' }, { with: own }))).toBe('model-not-found');
    await own.close();
  });

  test('a file that is not there, a prompt that is wrong, inputs that are wrong: with message, place and hint', async () => {
    const folder = newWorkspace();
    const own = await connect(folder);
    expect(reasonOf(await call('evaluate', { prompt: 'none.prompt.md' }, { with: own }))).toBe('no-prompt');
    writeFileSync(join(folder, 'rows.jsonl'), '{"text": "red", "kind": "colour"}\n{"text": "cat" "kind"}\n');
    const bad = await call('evaluate', { prompt }, { with: own });
    expect(bad.isError).toBe(true);
    expect(textOf(bad)).toContain(`${join(folder, 'rows.jsonl')}:2:`);
    expect(bad._meta?.['tandem/error']).toMatchObject({ where: { file: join(folder, 'rows.jsonl'), line: 2 } });
    const wrong: readonly [object, string][] = [
      [{}, '"prompt" is missing. It should be a string.'],
      [{ prompt, rows: 'all' }, '"rows" should be a whole number of at least 0, not "all".'],
      [{ prompt, rows: 1 }, '"rows" should be a whole number of at least 2, not 1.'],
      [{ prompt, split: 'train' }, '"split" should be "val" or "test", not "train".'],
      [{ prompt, limit: 3 }, 'There is no input "limit".'],
    ];
    for (const [input, message] of wrong) {
      const refused = await call('evaluate', input, { with: own });
      expect(reasonOf(refused)).toBe('bad-input');
      expect(textOf(refused)).toContain(message);
    }
    expect(reasonOf(await call('optimize', { prompt, budget: 'long' }, { with: own }))).toBe('bad-budget');
    await expect(call('accept', {}, { with: own })).rejects.toThrow("There is no tool named 'accept'.");
    await own.close();
  });

  test('modules of the workspace, unless the server was started with --allow-modules', async () => {
    const folder = newWorkspace();
    const source = readFileSync(join(folder, prompt), 'utf8');
    writeFileSync(join(folder, prompt), source.replace('  output: kind\n', '  output: kind\n  metric: ./own.mjs\n'));
    writeFileSync(join(folder, 'own.mjs'), 'export default (answer, row) => (answer === row.kind ? 1 : 0);\n');
    const [careful, allowed] = [await connect(folder), await connect(folder, '--allow-modules')];
    const refused = await call('evaluate', { prompt, rows: 4 }, { with: careful });
    expect(refused.isError).toBe(true);
    expect(textOf(refused)).toMatch(/module/);
    const run = await call('evaluate', { prompt, rows: 4 }, { with: allowed });
    expect(run.isError, textOf(run)).toBeFalsy();
    await Promise.all([careful.close(), allowed.close()]);
  });
});

test('only the protocol goes to standard output, and the server ends when its client is gone', async () => {
  const child = spawn(process.execPath, [tandem, 'mcp', '--workspace', workspace], { stdio: 'pipe', env });
  let [said, complained] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (said += text.toString()));
  child.stderr.on('data', (text: Buffer) => (complained += text.toString()));
  const send = (message: object): void => void child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  send({
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
  });
  send({ method: 'notifications/initialized' });
  send({ id: 2, method: 'tools/call', params: { name: 'evaluate', arguments: { prompt, rows: 4 } } });
  while (!said.includes('"id":2')) await once(child.stdout, 'data');
  child.stdin.end();
  expect(await once(child, 'close')).toEqual([0, null]);
  const lines = said
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { jsonrpc: string; id: number });
  expect(lines.map(({ jsonrpc, id }) => [jsonrpc, id])).toEqual([
    ['2.0', 1],
    ['2.0', 2],
  ]);
  expect(complained).toBe('');
});

test('a workspace that is not there is said at once', async () => {
  const child = spawn(process.execPath, [tandem, 'mcp', '--workspace', join(temporary, 'none')], { stdio: 'pipe', env });
  let complained = '';
  child.stderr.on('data', (text: Buffer) => (complained += text.toString()));
  expect(await once(child, 'close')).toEqual([2, null]);
  expect(complained).toContain('There is no folder here.');
});
