/** @file Edit operators on lines, sentences and phrases of the author's text: delete, swap, replace, reword. Prasad et al. 2023 (GrIPS). */
import { bodyProblems } from '../../prompt/bodyProblems.ts';
import type { Prompt } from '../../prompt/prompt.ts';
import { isRoleName } from '../../prompt/languages/roles.ts';
import { languageOf } from '../../prompt/languages/table.ts';
import { fixedSpans, rowBlockStart, variablesOf } from '../../prompt/template.ts';
import type { Random } from '../../random.ts';
import { instructionParts, likeFirst, type Edit } from './edit.ts';
import { hintedEdits } from './hintedEdits.ts';
import { newOnes, type Proposal, type Proposer } from './proposer.ts';

const edits: readonly Edit[] = [dropLine, dropSentence, dropInstruction, swapSentences, reword, renameField, renameAnswer, repeatQuestion];

export const editOperators: Proposer = {
  name: 'edits',
  async propose({ prompt, random, count, hint }) {
    let found: Proposal[] = [];
    const hinted = hint ? hintedEdits(hint) : [];
    for (let tries = 0; tries < 8 * count && found.length < count; tries++) {
      const edit = (tries < hinted.length ? hinted[tries] : random.choice(edits))(prompt, random);
      if (!edit || !/\S/.test(edit.body) || isBroken({ ...prompt, body: edit.body })) continue;
      found = newOnes(prompt, [...found, { prompt: { ...prompt, body: edit.body }, reason: edit.reason }], count);
    }
    return found;
  },
};

/** An edit may cut through a block of the template. */
const isBroken = (prompt: Prompt): boolean => bodyProblems(prompt).some(({ severity }) => severity === 'error');

function dropLine(prompt: Prompt, random: Random): ReturnType<Edit> {
  const { before: lead, text, rest } = instructionParts(prompt);
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const full = lines.flatMap((line, i) => (line.trim() ? [i] : []));
  if (full.length < 2) return undefined;
  const at = random.choice(full);
  return { body: lead + lines.filter((_, i) => i !== at).join('') + rest, reason: `without the line "${brief(lines[at])}"` };
}

function dropSentence(prompt: Prompt, random: Random): ReturnType<Edit> {
  const { before: lead, text, rest } = instructionParts(prompt);
  const sentences = sentencesOf(text);
  if (sentences.length < 2) return undefined;
  const { start, end } = random.choice(sentences);
  const after = text.slice(end).replace(/^[ \t]+/, '');
  const before = /^\r?\n|^$/.test(after) ? text.slice(0, start).replace(/[ \t]+$/, '') : text.slice(0, start);
  return { body: lead + before + after + rest, reason: `without "${brief(text.slice(start, end))}"` };
}

function dropInstruction(prompt: Prompt): ReturnType<Edit> {
  const { before: lead, text, rest } = instructionParts(prompt);
  return text.trim() ? { body: lead + rest.replace(/^\s*\n/, ''), reason: 'without any instruction' } : undefined;
}

function swapSentences(prompt: Prompt, random: Random): ReturnType<Edit> {
  const { before: lead, text, rest } = instructionParts(prompt);
  const sentences = sentencesOf(text);
  if (sentences.length < 2) return undefined;
  const at = random.integer(sentences.length - 1);
  const [a, b] = [sentences[at], sentences[at + 1]];
  const swapped =
    text.slice(0, a.start) + text.slice(b.start, b.end) + text.slice(a.end, b.start) + text.slice(a.start, a.end) + text.slice(b.end);
  return { body: lead + swapped + rest, reason: `"${brief(text.slice(b.start, b.end))}" comes first` };
}

/** Phrases with the same meaning. Any phrase of a row may replace another. */
const sameMeaning: readonly (readonly string[])[] = [
  ['Read', 'Look at', 'Consider'],
  ['answer with', 'give', 'state', 'reply with', 'output'],
  ['classify', 'categorize', 'label', 'sort'],
  ['the following', 'this', 'the given'],
  ['one of', 'exactly one of', 'one of the following:'],
  ['message', 'text', 'input'],
  ['determine', 'decide', 'find', 'identify'],
  ['Please', ''],
];

function reword(prompt: Prompt, random: Random): ReturnType<Edit> {
  const { before: lead, text, rest } = instructionParts(prompt);
  const places = sameMeaning.flatMap((group) => {
    const longestFirst = group.filter(Boolean).sort((a, b) => b.length - a.length);
    const found = text.matchAll(new RegExp(`(?<!\\w)(?:${longestFirst.join('|')})(?!\\w)`, 'gi'));
    return [...found].map((match) => ({ group, old: match[0], start: match.index, end: match.index + match[0].length }));
  });
  const fixed = fixedSpans({ ...prompt, body: text });
  const free = places.filter(({ start, end }) => !fixed.some((span) => start < span.end && end > span.start));
  if (!free.length) return undefined;
  const { group, old, start, end } = random.choice(free);
  const other = random.choice(group.filter((each) => each.toLowerCase() !== old.toLowerCase()));
  const before = text.slice(0, start);
  // If a phrase is removed without a replacement, the next word starts the sentence.
  if (!other) return { body: lead + before + likeFirst(old, text.slice(end).trimStart()) + rest, reason: `without "${old}"` };
  return { body: lead + before + likeFirst(old, other) + text.slice(end) + rest, reason: `"${likeFirst(old, other)}" for "${old}"` };
}

const fieldNames = ['Text', 'Input', 'Sentence', 'Q', 'Message'];
const answerNames = ['Answer', 'Label', 'Category', 'Class', 'Output', 'A'];

/** The word before a variable: `Message: ${input:message}`. */
function renameField(prompt: Prompt, random: Random): ReturnType<Edit> {
  const { body } = prompt;
  const field = fieldsOf(prompt).at(0);
  if (!field) return undefined;
  const name = unusedName(fieldNames, body, random);
  if (!name) return undefined;
  return {
    body: body.slice(0, field.start) + name + body.slice(field.start + field.word.length),
    reason: `"${name}:" for "${field.word}:"`,
  };
}

/** The words before the variables of the row block, each alone in its line. */
function fieldsOf(prompt: Prompt): { readonly start: number; readonly word: string }[] {
  const { body } = prompt;
  const block = rowBlockStart(prompt);
  return variablesOf(prompt).flatMap((variable) => {
    if (variable.start < block) return [];
    const start = Math.max(block, body.lastIndexOf('\n', variable.start - 1) + 1);
    const [, word] = /^([^\n:${}]{1,30}):[ \t]*$/.exec(body.slice(start, variable.start)) ?? [];
    return word === undefined ? [] : [{ start, word }];
  });
}

/** The word that the answer follows, at the end of the prompt. */
function renameAnswer(prompt: Prompt, random: Random): ReturnType<Edit> {
  const { body } = prompt;
  const match = /(^|\n)([^\n:${}]{1,30}):(\s*)$/.exec(body);
  if (!match || isRoleName(match[2]) || hasTag(prompt, match)) return undefined;
  const name = unusedName(answerNames, body, random);
  if (!name) return undefined;
  return { body: `${body.slice(0, match.index)}${match[1]}${name}:${match[3]}`, reason: `"${name}:" for "${match[2]}:"` };
}

function unusedName(names: readonly string[], body: string, random: Random): string | undefined {
  return random.choice(names.filter((name) => !body.includes(`${name}:`)));
}

/** Whether a match in the body, after its first group, is a variable or another tag of the language. */
const hasTag = (prompt: Prompt, { index, 0: text, 1: before }: RegExpExecArray): boolean =>
  languageOf(prompt)
    .tags(prompt.body)
    .some(({ start, end }) => index + before.length < end && index + text.length > start);

/** Repeats the instruction's last sentence right before the answer. */
function repeatQuestion(prompt: Prompt): ReturnType<Edit> {
  const { body } = prompt;
  const { text, rest } = instructionParts(prompt);
  const last = sentencesOf(text).at(-1);
  const match = /(^|\n)([^\n${}]{1,30}:\s*)$/.exec(body);
  if (!last || !match || hasTag(prompt, match) || text.length > 400 || isRoleName(match[2].replace(/:\s*$/, ''))) return undefined;
  const sentence = text.slice(last.start, last.end).trim();
  if (rest.includes(sentence) || variablesOf({ ...prompt, body: sentence }).length) return undefined;
  const newline = /\r?\n/.exec(body)?.[0] ?? '\n';
  return {
    body: `${body.slice(0, match.index)}${match[1]}${sentence}${newline}${match[2]}`,
    reason: 'the instruction repeated after the row',
  };
}

/** Sentences without the blanks after them. A sentence does not cross a line, and the name of a variable may contain a dot. */
function sentencesOf(text: string): { start: number; end: number }[] {
  return [...text.matchAll(/(?:\$\{[^}\r\n]*\}|[^\s.!?])(?:\$\{[^}\r\n]*\}|[^.!?\r\n])*[.!?]*/g)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
  }));
}

const brief = (text: string): string => {
  const line = text.trim().replaceAll(/\s+/g, ' ');
  return line.length > 40 ? `${line.slice(0, 39)}…` : line;
};
