/** @file The model that comes with Tandem, which is not in every checkout. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './paths.ts';

export const hasEmbedded = existsSync(join(root, 'models', 'nano', 'nano.gguf'));

/** Rows of the views without the one that lists it. */
export const withoutEmbedded = (rows: readonly string[]): string[] => rows.filter((row) => !/^nano, .*comes with Tandem$/.test(row));
