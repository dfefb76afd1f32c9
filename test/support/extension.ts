/** @file The extension that the tests use, identified by the manifest of this checkout. */
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

/** The name that VS Code expects for the extension's folder among the installed ones. */
export const installedName = ({ publisher, name, version }: Manifest): string => `${publisher}.${name}-${version}`;
