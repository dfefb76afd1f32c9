/** @file Prompt files of Prompty: `.prompty`, Jinja below front matter with keys of the Prompty format. */
import { jinja } from '../languages/jinja.ts';
import { beginFrontMatterPrompt } from './beginFrontMatterPrompt.ts';
import { frontMatterHelp } from '../settingTable.ts';
import { readFrontMatterPrompt } from './readFrontMatterPrompt.ts';
import { withoutEnding, type BeginnableKind } from './promptKind.ts';
import { readPromptyKeys } from './promptyKeys.ts';
import { writeFrontMatterPrompt } from './writeFrontMatterPrompt.ts';

export const prompty: BeginnableKind = {
  holds: 'prompt',
  endings: ['.prompty'],
  shortName: (name) => withoutEnding(name, prompty.endings),
  // A `.prompt.md` may be beside it.
  resultsName: (name) => name,
  language: jinja,
  help: frontMatterHelp,
  read,
  write: (file, next, changes) => writeFrontMatterPrompt(file, next, changes, read),
  begin: beginFrontMatterPrompt,
};

function read(path: string, text: string): ReturnType<BeginnableKind['read']> {
  return readFrontMatterPrompt(path, text, { language: jinja, readKeys: readPromptyKeys });
}
