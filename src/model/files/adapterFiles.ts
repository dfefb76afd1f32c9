/** @file The files that make up an adapter's folder, so that such a folder can be recognized, and copied without other files in it. */
import { copyFileSync, lstatSync, mkdirSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { TandemError } from '../../errors.ts';
import { readTextFile } from '../../files.ts';
import { parseJson } from '../../json.ts';

export const configName = 'adapter_config.json';
export const weightsName = 'adapter_model.safetensors';
/** For a soft prompt, our own file: the text that its rows began as, and how far they have drifted from it. */
export const originName = 'tandem_soft_prompt.json';
/** The soft prompt beside a LoRA. */
export const softFolder = 'soft_prompt';
/** For a program with an adapter per step: their folders. */
export const stepsName = 'tandem_steps.json';

const files: ReadonlySet<string> = new Set([configName, weightsName, originName, stepsName]);
const isFolder = (name: string): boolean => name === softFolder || /^step-\d{1,4}$/.test(name);

/** In bytes. */
const mostOfConfig = 2 ** 24;

/**
 * The files of an adapter's folder, relative to it.
 * @param beside names of other files that may be in it, e.g. a card
 * @throws TandemError reason 'bad-adapter' if it is not an adapter's folder: it is a link, has other files or none of these
 */
export function adapterFiles(directory: string, beside: readonly string[] = []): string[] {
  const found = filesIn(directory, '', new Set(beside));
  const config = [configName, stepsName].find((name) => found.includes(name));
  if (config === undefined) throw foreign(directory, `This is not an adapter: it has no ${configName}`);
  const file = join(directory, config);
  const json = parseJson(readTextFile(file, { most: mostOfConfig, links: 'refused' }), { file }, 'bad-adapter');
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw foreign(file, 'This is not an adapter config');
  return found;
}

/** Copies these files, one by one, into a new folder. @throws TandemError reason 'bad-adapter', before anything is written */
export function copyAdapterFiles(from: string, to: string, beside: readonly string[] = []): void {
  const names = adapterFiles(from, beside);
  mkdirSync(to, { recursive: true });
  for (const name of names) {
    mkdirSync(join(to, name, '..'), { recursive: true });
    copyFileSync(join(from, name), join(to, name));
  }
}

function filesIn(directory: string, within: string, beside: ReadonlySet<string>): string[] {
  const folder = join(directory, within);
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  if (!stats?.isDirectory()) throw foreign(folder, `This is ${kindOf(stats)}, not the folder of an adapter`);
  return readdirSync(folder).flatMap((name) => {
    const place = join(folder, name);
    const own = lstatSync(place);
    if (own.isDirectory() && isFolder(name) && within.split('/').length < 3) return filesIn(directory, join(within, name), beside);
    if (own.isFile() && (files.has(name) || beside.has(name))) return [join(within, name)];
    throw foreign(place, `The folder of the adapter contains ${kindOf(own)} that does not belong to an adapter`);
  });
}

const kindOf = (stats: Stats | undefined): string =>
  stats === undefined
    ? 'nothing'
    : stats.isSymbolicLink()
      ? 'a link'
      : stats.isDirectory()
        ? 'a folder'
        : stats.isFile()
          ? 'a file'
          : 'a device';

const foreign = (file: string, message: string): TandemError =>
  new TandemError('bad-adapter', `${message}.`, {
    where: { file },
    hint: 'Name a PEFT folder that contains only the files of the adapter.',
  });
