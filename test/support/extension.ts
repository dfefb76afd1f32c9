/** @file Which extension it is that the tests look for, from the manifest of this checkout. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './paths.ts';

export interface Manifest {
  readonly publisher: string;
  readonly name: string;
  readonly version: string;
}

export const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;

export const extensionId = `${manifest.publisher}.${manifest.name}`;

/** The folder that VS Code expects an extension in, among the installed ones. */
export const installedName = ({ publisher, name, version }: Manifest): string => `${publisher}.${name}-${version}`;
