/** @file What is good to know of a data file before it is chosen. */
import { extname } from 'node:path';
import { fieldSeparator, type Separator } from '../../data/csv.ts';
import { openFile } from '../../files.ts';

/** Of a CSV file whose fields are not separated by commas, what separates them. Reads no more than its beginning. */
export async function aboutData(file: string): Promise<string | undefined> {
  if (extname(file).toLowerCase() !== '.csv') return undefined;
  return about[fieldSeparator(await beginningOf(file).catch(() => ''))];
}

const about: Readonly<Partial<Record<Separator, string>>> = { ';': 'separated by semicolons', '\t': 'separated by tabs' };

/** Enough for a header. */
const headBytes = 4096;

async function beginningOf(file: string): Promise<string> {
  const handle = await openFile(file);
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    return buffer.toString('utf8', 0, bytesRead).replace(/^\uFEFF/, '');
  } finally {
    await handle.close();
  }
}
