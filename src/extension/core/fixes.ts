/** @file What could stand in the place of what is wrong in a prompt file, as quick fixes. */
import { basename } from 'node:path';
import { quote } from '../../prompt/editYaml.ts';
import { nearestNames } from '../../prompt/nearest.ts';
import type { Fix } from '../../prompt/promptFile.ts';
import type { TextRange } from '../../prompt/textRange.ts';

export interface QuickFix {
  readonly title: string;
  readonly range: TextRange;
  readonly text: string;
}

/**
 * The likeliest first.
 * @param written what stands at the fix's place
 * @param dataFiles as the prompt file would name them, the closest first
 */
export function quickFixes({ range, instead, title }: Fix, written: string, dataFiles: readonly string[]): QuickFix[] {
  const texts = instead === 'data-file' ? nearestFiles(written, dataFiles).map(quote) : instead;
  const titleOf = (text: string): string => title ?? (text === '' ? `Remove ${written.trim()}` : `Change to ${text}`);
  return texts.filter((text) => text !== written).map((text) => ({ title: titleOf(text), range, text }));
}

const mostFiles = 3;

/** By name, wherever they are; among files of one name the closest. */
function nearestFiles(written: string, files: readonly string[]): string[] {
  const names = nearestNames(basename(written), new Set(files.map((file) => basename(file))), mostFiles);
  return names.flatMap((name) => files.filter((file) => basename(file) === name)).slice(0, mostFiles);
}
