/** @file Writes a file that was not there before. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { TandemError } from '../errors.ts';

/** Never overwrites anything. @throws TandemError reason 'file-exists' */
export function writeNew(file: string, text: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new TandemError('file-exists', 'This file already exists. It was not changed.', {
      where: { file },
      hint: 'Choose another name with --prompt.',
    });
  }
}
