/** @file Which writer a user's setting selects: `none`, `auto`, an address, or a file of recorded answers. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { TandemError } from '../errors.ts';
import { baseOf, hostOf, isLoopback, modelsOf } from '../model/writers/endpoint.ts';
import { findLocalServers, localServers, writing, type LocalServer } from '../model/writers/discover.ts';
import { suggestName } from '../prompt/nearest.ts';
import type { WriterChoice } from './spec.ts';

export interface ChosenWriter {
  /** Absent if the run has no writer. */
  readonly choice?: WriterChoice;
  /** A description of what was found, for people. */
  readonly found?: string;
}

export interface ChooseOptions {
  /** The model's name on the server. If absent, the first model that can write. */
  readonly model?: string;
  /** The folder that paths are relative to. */
  readonly cwd?: string;
  readonly signal?: AbortSignal;
  /** Addresses where a server on this machine may listen. */
  readonly servers?: readonly LocalServer[];
}

/** Shown if the address must not be asked for its models. */
const manyModels = 8;

/** @throws TandemError reasons 'bad-writer' and those of a server that is asked for its models */
export async function chooseWriter(asked: string, options: ChooseOptions = {}): Promise<ChosenWriter> {
  const { model, cwd = process.cwd(), servers = localServers, signal } = options;
  if (asked === 'none') return {};
  if (asked === 'auto') return findWriter(servers, options);
  if (asked === 'editor') {
    throw new TandemError('bad-writer', "The editor's models can only write for runs that you start in the editor.", {
      hint: 'Use auto, none, or the address of a server.',
    });
  }
  if (asked.endsWith('.json') && !/^https?:/i.test(asked)) {
    const file = resolve(cwd, asked);
    if (!existsSync(file)) throw new TandemError('no-script', 'The file of recorded answers does not exist.', { where: { file } });
    return { choice: { kind: 'recorded', file } };
  }
  const url = baseOf(asked);
  if (model !== undefined) return { choice: { kind: 'endpoint', url, model } };
  const models = writing(await modelsOf(url, signal && { signal }));
  if (models.length === 0) {
    throw new TandemError('bad-writer', `${url} lists no model that can write.`, { hint: 'Name one with --writer-model.' });
  }
  return { choice: { kind: 'endpoint', url, model: models[0] }, found: `${hostOf(url)} has ${modelsText(models)}.` };
}

/**
 * Checks before a run begins that the server is reachable and has the model. A server that does not list its models is trusted to have it.
 * @throws TandemError reasons 'bad-writer', 'writer-unreachable', 'writer-too-slow'
 */
export async function requireModel(choice: WriterChoice, signal?: AbortSignal): Promise<void> {
  if (choice.kind !== 'endpoint') return;
  const { url, model } = choice;
  let models: readonly string[];
  try {
    models = await modelsOf(url, { patience: 15_000, ...(signal && { signal }) });
  } catch (error) {
    if (error instanceof TandemError && (error.reason === 'writer-refused' || error.reason === 'writer-bad-answer')) return;
    throw error;
  }
  // Ollama reads a name without a tag as `latest`.
  if (models.length === 0 || models.includes(model) || models.includes(`${model}:latest`)) return;
  throw new TandemError('bad-writer', `${hostOf(url)} has no model named "${model}".`, { hint: suggestName(model, models) });
}

/** What consent is given for: the destination of rows. Undefined if none leave the process. */
export function destinationOf(choice: WriterChoice): string | undefined {
  switch (choice.kind) {
    case 'endpoint':
      return hostOf(choice.url);
    case 'editor':
      return `${choice.model}, a language model of the editor`;
    case 'recorded':
      return undefined;
  }
}

/** Describes a destination to the person who decides. */
export function destinationText(choice: WriterChoice): string {
  if (choice.kind !== 'endpoint') return destinationOf(choice) ?? 'nobody';
  const { url, model } = choice;
  const host = `${model} at ${hostOf(url)}`;
  if (isLoopback(url)) return `${host}, a server on this machine`;
  return url.startsWith('http:') ? `${host}, over the network without encryption` : `${host}, over the network`;
}

async function findWriter(servers: readonly LocalServer[], { model, signal }: ChooseOptions): Promise<ChosenWriter> {
  const found = await findLocalServers(servers, signal && { signal });
  const at = model === undefined ? found[0] : found.find(({ models }) => models.includes(model));
  if (at) {
    const choice: WriterChoice = { kind: 'endpoint', url: at.url, model: model ?? at.models[0] };
    return { choice, found: `${at.name} at ${hostOf(at.url)} has ${modelsText(at.models)}.` };
  }
  const asked = servers.map(({ name, url }) => `${name} at ${hostOf(url)}`).join(', ');
  const what = found.length > 0 ? `No model server on this machine has "${model}"` : 'No model server was found on this machine';
  return { found: `${what} (tried: ${asked}). The run continues without a writer.` };
}

const modelsText = (models: readonly string[]): string =>
  models.length > manyModels ? `${models.slice(0, manyModels).join(', ')} and ${models.length - manyModels} more` : models.join(', ');
