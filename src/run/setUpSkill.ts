/** @file Makes what is needed to tune a skill: labelled queries beside it, and one text in its metadata that names them. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { exampleQueries, queryFiles } from '../data/triggerQueries.ts';
import { TandemError } from '../errors.ts';
import { setEntry } from '../prompt/editYaml.ts';
import { findFrontMatter } from '../prompt/frontMatter.ts';
import { skillKey } from '../prompt/kinds/skillSettings.ts';
import { promptKindOf } from '../prompt/kinds/table.ts';
import { skill } from '../prompt/kinds/skill.ts';
import { parsePromptFile } from '../prompt/readPrompt.ts';
import { writeFileAtomically } from './record/jsonFile.ts';
import { portable, promptName, readSource } from './record/runDirectory.ts';
import { writeNew } from './writeNew.ts';

export interface SkillSetUp {
  /** The text of the SKILL.md now. */
  readonly text: string;
  /** Absolute path of the labelled queries. */
  readonly data: string;
  /** The queries were written now, as examples to replace. */
  readonly isNew: boolean;
}

/**
 * A skill that names its queries already stays as it is.
 * @param file absolute path of the SKILL.md
 * @param queries absolute path of the labelled queries. Default: those in the skill's folder, or new ones
 * @throws TandemError reasons 'bad-option', 'no-prompt', 'cannot-rewrite', 'already-set-up'
 */
export function setUpSkill(file: string, queries?: string): SkillSetUp {
  if (promptKindOf(file) !== skill) {
    throw new TandemError('bad-option', `${file} is not a skill.`, { hint: `Name a file that is called ${skill.endings[0]}.` });
  }
  const folder = dirname(file);
  const before = readSource(file);
  const known = dataOf(file, before);
  if (known !== undefined && queries !== undefined && known !== queries) {
    throw new TandemError('already-set-up', 'The skill names other labelled queries. Nothing was changed.', {
      where: { file },
      hint: `Change \`${skillKey('data')}\` in its metadata.`,
    });
  }
  const data =
    known ?? queries ?? queryFiles.map((each) => join(folder, each)).find((each) => existsSync(each)) ?? join(folder, queryFiles[0]);
  const text = known === undefined ? withData(file, before, portable(folder, data)) : before;
  const isNew = queries === undefined && !existsSync(data);
  if (isNew) writeNew(data, exampleQueries(promptName(file)));
  if (text !== before) writeFileAtomically(file, text);
  return { text, data, isNew };
}

function dataOf(file: string, text: string): string | undefined {
  const { data } = parsePromptFile(file, text).settings;
  const train = typeof data === 'string' ? data : data.train;
  return train === '' ? undefined : resolve(dirname(file), train);
}

function withData(file: string, text: string, data: string): string {
  const front = findFrontMatter(text);
  if (front) {
    const newline = /\r?\n/.exec(text)?.[0] ?? '\n';
    const yaml = setEntry(text.slice(front.yamlStart, front.yamlEnd), ['metadata', skillKey('data')], data, newline);
    const written = text.slice(0, front.yamlStart) + yaml + text.slice(front.yamlEnd);
    const { prompt } = parsePromptFile(file, written);
    if (dataOf(file, written) === resolve(dirname(file), data) && prompt.body === parsePromptFile(file, text).prompt.body) return written;
  }
  throw new TandemError('cannot-rewrite', 'The front matter is written in a way that Tandem cannot edit in place.', {
    where: { file, line: 1 },
    hint: `Write it yourself: metadata: {${skillKey('data')}: ${data}}`,
  });
}
