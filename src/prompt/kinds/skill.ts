/** @file Agent skills: `SKILL.md`. What is tuned is the description in its front matter, by which agents decide whether to load the skill. */
import { dirname } from 'node:path';
import { isMap, isScalar, type Document, type Node, type Pair, type Scalar } from 'yaml';
import { TandemError } from '../../errors.ts';
import { setText } from '../editScalar.ts';
import { isWritable } from '../frame.ts';
import { findFrontMatter, scalarText } from '../frontMatter.ts';
import { descriptionSpan, longestDescription, skill as language, skillBody } from '../languages/skill.ts';
import type { Span } from '../languages/templateLanguage.ts';
import type { Prompt } from '../prompt.ts';
import type { PromptFile } from '../promptFile.ts';
import type { TextRange } from '../textRange.ts';
import { openFrontMatter } from './openFrontMatter.ts';
import type { SettingChanges, SinglePromptKind } from './promptKind.ts';
import { readSkillSettings, skillHelp, skillKey } from './skillSettings.ts';

export const skill: SinglePromptKind = {
  holds: 'prompt',
  endings: ['SKILL.md'],
  shortName,
  resultsName: (name) => name,
  language,
  help: skillHelp,
  tunes: 'prompt',
  read,
  write,
};

/** The name of its folder is that of the skill. */
function shortName(name: string): string {
  return /[/\\]/.test(name) ? dirname(name) : 'SKILL';
}

function read(path: string, text: string): PromptFile {
  const { document, yamlStart, rangeOf, problems, reportAs } = openFrontMatter(text);
  const ranges: Record<string, TextRange> = {};
  const report = reportAs('error');
  const { settings, keys } = readSkillSettings(document, report, (name, node) => {
    if (node.range) ranges[name] = rangeOf(yamlStart + node.range[0], yamlStart + node.range[1]);
  });
  const pair = pairOf(document, 'description');
  const description = scalarText(pair?.value)?.trim() ?? '';
  const body = skillBody(scalarText(pairOf(document, 'name')?.value) ?? '', description);
  const { labelWords } = settings;
  const prompt: Prompt = { body, demonstrations: [], syntax: language.syntax, ...(labelWords && { labelWords }) };
  const top = { start: 0, end: 0 };
  const key = pair ? spanOf(pair.key as Node) : top;
  const place = isScalar(pair?.value) ? contentOf(pair.value, text.slice(yamlStart)) : key;
  if (keys.length === 0) {
    // A skill of other tools. The hint says how to set it up.
    const hint = 'Set it up: tandem init --skill SKILL.md';
    problems.push({ severity: 'error', message: 'This skill is not set up for Tandem.', range: rangeOf(0, 0), hint, missing: true });
  } else {
    const [first] = keys;
    if (!ranges.data && document.errors.length === 0) {
      report(spanOf(first), `\`${skillKey('data')}\` is missing.`, 'Name the file with the labelled queries, relative to this file.');
    }
    if (description === '')
      report(key, 'The skill has no description.', 'Say in `description:` what it does and when an agent should load it.');
    else if (description.length > longestDescription) {
      const message = `The description has ${description.length} characters. Agents accept at most ${longestDescription}.`;
      reportAs('warning')(place, message);
    }
  }
  problems.sort((a, b) => a.range.start - b.range.start);
  return {
    ...{ path, text, prompt, settings, problems, ranges },
    hasSettings: keys.length > 0,
    bodyOffset: yamlStart + key.start,
    madeFrom: { inText: { start: yamlStart + place.start, end: yamlStart + place.end }, inBody: descriptionSpan(body)! },
  };
}

function write(file: PromptFile, next: Prompt, { adapter, model, calibration }: SettingChanges): string {
  const { path, text, prompt } = file;
  const pointed = typeof adapter === 'string' || typeof model === 'string' || calibration !== undefined;
  if (pointed || !isWritable(next, prompt)) {
    throw new TandemError('cannot-rewrite', 'Only the description of a skill can be changed.', {
      where: { file: path, line: 1 },
      hint: `It must have 1 to ${longestDescription} characters.`,
    });
  }
  const wanted = descriptionOf(next.body);
  if (wanted === descriptionOf(prompt.body)) return text;
  const front = findFrontMatter(text)!;
  const yaml = setText(text.slice(front.yamlStart, front.yamlEnd), 'description', wanted);
  if (yaml !== undefined) return text.slice(0, front.yamlStart) + yaml + text.slice(front.yamlEnd);
  throw new TandemError('cannot-rewrite', 'The description is written in a way that Tandem cannot edit in place.', {
    where: { file: path, line: 1 },
    hint: 'Write it as `description: …` on one line, or as a block below `description: >-`, without anchors.',
  });
}

function descriptionOf(body: string): string {
  const { start, end } = descriptionSpan(body)!;
  return body.slice(start, end);
}

const pairOf = (document: Document, key: string): Pair | undefined =>
  isMap(document.contents) ? document.contents.items.find((each) => scalarText(each.key) === key) : undefined;

const spanOf = ({ range }: Node): Span => ({ start: range?.[0] ?? 0, end: range?.[1] ?? 0 });

/** The place of a scalar's text. A block's begins below its header. */
function contentOf(node: Scalar, yaml: string): Span {
  const { start, end } = spanOf(node);
  const isBlock = node.type === 'BLOCK_FOLDED' || node.type === 'BLOCK_LITERAL';
  const from = isBlock ? yaml.indexOf('\n', start) + 1 : start;
  const content = yaml.slice(from, end);
  return { start: from + content.search(/\S|$/), end: from + content.trimEnd().length };
}
