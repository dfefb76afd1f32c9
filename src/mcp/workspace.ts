/** @file What agents may name: files of the workspace, wherever links lead, and prompt files that name such files in turn. */
import { existsSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { TandemError } from '../errors.ts';
import { openPrompt } from '../run/openPrompt.ts';
import { isInside } from '../run/record/inside.ts';

/**
 * @returns the absolute path of a prompt file or a program that lies in the workspace, as do its data, its adapter and the prompt files of its steps
 * @throws TandemError reasons 'outside-workspace', 'no-prompt', and whatever else is wrong with the file
 */
export function promptInside(workspace: string, given: string): string {
  const path = resolve(workspace, given);
  requireInside(workspace, path);
  const { file, program } = openPrompt(path);
  const { data, adapter } = file.settings;
  const named = [...(typeof data === 'string' ? [data] : Object.values(data)), ...(adapter === undefined ? [] : [adapter])];
  const steps = program ? program.steps.map((step) => step.path) : [];
  for (const each of [...steps, ...named.map((name) => resolve(dirname(path), name))]) requireInside(workspace, each, path);
  return path;
}

/**
 * @returns the absolute path of a model in the workspace; any other name as it is: that of an installed model or of one on the hub
 * @throws TandemError reason 'outside-workspace'
 */
export function modelInside(workspace: string, given: string): string {
  const path = resolve(workspace, given);
  const isPath = isAbsolute(given) || /^~|(?:^|[\\/])\.\.?(?:[\\/]|$)/.test(given) || existsSync(path);
  if (!isPath) return given;
  requireInside(workspace, path);
  return path;
}

/** @param namer the file that names it. @throws TandemError reason 'outside-workspace' */
export function requireInside(workspace: string, path: string, namer?: string): void {
  if (isInside(workspace, path)) return;
  throw new TandemError('outside-workspace', `${path} is outside the workspace ${workspace}.`, {
    ...(namer !== undefined && { where: { file: namer } }),
    hint: 'The MCP server works only with files in its workspace. Start it with another --workspace if that is the wrong folder.',
  });
}
