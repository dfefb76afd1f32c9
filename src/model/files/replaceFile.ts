/** @file Writes a file completely or not at all. */
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { temporaryName } from '../../temporary.ts';

/** The output of `write` goes to a temporary name first. An existing file is replaced only when all of it is on disk. */
export async function replaceFile(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const temporary = temporaryName(path);
  const file = await open(temporary, 'w');
  try {
    await write(file);
    await file.sync();
  } catch (error) {
    await file.close();
    await rm(temporary, { force: true });
    throw error;
  }
  await file.close();
  await rename(temporary, path);
}
