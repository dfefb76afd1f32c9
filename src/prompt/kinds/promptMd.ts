/** @file Prompt files of VS Code: `.prompt.md`, Markdown with `${input:column}` below front matter. */
import { inputs } from '../languages/inputs.ts';
import { beginFrontMatterPrompt } from './beginFrontMatterPrompt.ts';
import { frontMatterHelp } from '../settingTable.ts';
import { readFrontMatterPrompt } from './readFrontMatterPrompt.ts';
import { withoutEnding, type BeginnableKind } from './promptKind.ts';
import { writeFrontMatterPrompt } from './writeFrontMatterPrompt.ts';

export const promptMd: BeginnableKind = {
  holds: 'prompt',
  endings: ['.prompt.md'],
  shortName,
  resultsName: shortName,
  language: inputs,
  help: frontMatterHelp,
  read,
  write: (file, next, changes) => writeFrontMatterPrompt(file, next, changes, read),
  begin: beginFrontMatterPrompt,
};

function shortName(name: string): string {
  return withoutEnding(name, promptMd.endings);
}

function read(path: string, text: string): ReturnType<BeginnableKind['read']> {
  return readFrontMatterPrompt(path, text, { language: inputs });
}
