/** @file Paths that the tests of the editor share, valid both from a source file here and from a bundle in dist/test/. */
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..', '..');

/** The folder for code that runs outside vitest: in the extension host, or as a script. */
export const bundles = join(root, 'dist', 'test');

/** Screenshots of every surface in every theme. */
export const screenshots = join(root, 'dist', 'screenshots');

/** The workspace that the quick start opens. */
export const sample = join(root, 'examples', 'support');

export const tinyModel = join(root, 'test', 'fixtures', 'tiny-tied');

export const nano = join(root, 'models', 'nano');
