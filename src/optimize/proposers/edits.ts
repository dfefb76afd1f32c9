/** @file Edit operators on lines, sentences and phrases of the author's text: delete, swap, replace, reword. Prasad et al. 2023 (GrIPS). */
import { rowBlockStart } from '../../prompt/template.ts';
import type { Random } from '../../random.ts';
import type { Proposal, Proposer } from './proposer.ts';

/** An edit of a body; undefined where it does not apply. */
type Edit = (body: string, random: Random) => { readonly body: string; readonly reason: string } | undefined;

const edits: readonly Edit[] = [dropLine, dropSentence, dropInstruction, swapSentences, reword, renameField, renameAnswer, repeatQuestion];

export const editOperators: Proposer = {
  name: 'edits',
  async propose({ prompt, random, count }) {
    const found = new Map<string, Proposal>();
    for (let tries = 0; tries < 8 * count && found.size < count; tries++) {
      const edit = random.choice(edits)(prompt.body, random);
      if (edit && edit.body !== prompt.body && /\S/.test(edit.body))
        found.set(edit.body, { prompt: { ...prompt, body: edit.body }, reason: edit.reason });
    }
    return [...found.values()];
  },
};

/** The instruction is what stands before the row block (and the {{demos}} line). */
function instructionOf(body: string): { text: string; rest: string } {
  const head = body.slice(0, rowBlockStart(body));
  const marker = /[ \t]*\{\{[ \t]*demos[ \t]*\}\}[ \t]*\r?\n$/.exec(head);
  const end = marker ? marker.index : head.length;
  return { text: body.slice(0, end), rest: body.slice(end) };
}

function dropLine(body: string, random: Random): ReturnType<Edit> {
  const { text, rest } = instructionOf(body);
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const full = lines.flatMap((line, i) => (line.trim() ? [i] : []));
  if (full.length < 2) return undefined;
  const at = random.choice(full);
  return { body: lines.filter((_, i) => i !== at).join('') + rest, reason: `without the line "${brief(lines[at])}"` };
}

function dropSentence(body: string, random: Random): ReturnType<Edit> {
  const { text, rest } = instructionOf(body);
  const sentences = sentencesOf(text);
  if (sentences.length < 2) return undefined;
  const { start, end } = random.choice(sentences);
  return { body: text.slice(0, start) + text.slice(end) + rest, reason: `without "${brief(text.slice(start, end))}"` };
}

function dropInstruction(body: string): ReturnType<Edit> {
  const { text, rest } = instructionOf(body);
  return text.trim() ? { body: rest.replace(/^\s*\n/, ''), reason: 'without any instruction' } : undefined;
}

function swapSentences(body: string, random: Random): ReturnType<Edit> {
  const { text, rest } = instructionOf(body);
  const sentences = sentencesOf(text);
  if (sentences.length < 2) return undefined;
  const at = random.integer(sentences.length - 1);
  const [a, b] = [sentences[at], sentences[at + 1]];
  const swapped =
    text.slice(0, a.start) + text.slice(b.start, b.end) + text.slice(a.end, b.start) + text.slice(a.start, a.end) + text.slice(b.end);
  return { body: swapped + rest, reason: `"${brief(text.slice(b.start, b.end))}" comes first` };
}

/** Phrases that say the same; any member of a row may stand for another. */
const sameMeaning: readonly (readonly string[])[] = [
  ['Read', 'Look at', 'Consider'],
  ['answer with', 'give', 'state', 'reply with', 'output'],
  ['classify', 'categorize', 'label', 'sort'],
  ['the following', 'this', 'the given'],
  ['one of', 'exactly one of', 'one of the following:'],
  ['message', 'text', 'input'],
  ['determine', 'decide', 'find', 'identify'],
  ['Please ', ''],
];

function reword(body: string, random: Random): ReturnType<Edit> {
  const { text, rest } = instructionOf(body);
  const places = sameMeaning.flatMap((group) =>
    group.flatMap((phrase) => {
      const at = phrase.trim() ? text.search(new RegExp(`\\b${phrase.trim()}\\b`, 'i')) : -1;
      return at >= 0 ? [{ group, phrase: phrase.trim(), at }] : [];
    }),
  );
  if (!places.length) return undefined;
  const { group, phrase, at } = random.choice(places);
  const other = random.choice(group.filter((each) => each.trim() !== phrase));
  const old = text.slice(at, at + phrase.length);
  const fresh = /^\p{Lu}/u.test(old) ? other.charAt(0).toUpperCase() + other.slice(1) : other.charAt(0).toLowerCase() + other.slice(1);
  return { body: text.slice(0, at) + fresh.trim() + text.slice(at + phrase.length) + rest, reason: `"${fresh.trim()}" for "${old}"` };
}

const fieldNames = ['Text', 'Input', 'Sentence', 'Q', 'Message'];
const answerNames = ['Answer', 'Label', 'Category', 'Class', 'Output', 'A'];

/** The word before a variable: `Message: ${input:message}`. */
function renameField(body: string, random: Random): ReturnType<Edit> {
  const start = rowBlockStart(body);
  const block = body.slice(start);
  const match = /^([^\n:${}]{1,30}):(?=[ \t]*\$\{input:)/m.exec(block);
  if (!match) return undefined;
  const name = random.choice(fieldNames.filter((each) => each !== match[1]));
  return {
    body: body.slice(0, start) + block.slice(0, match.index) + name + block.slice(match.index + match[1].length),
    reason: `"${name}:" for "${match[1]}:"`,
  };
}

/** The word that the answer follows, at the end of the prompt. */
function renameAnswer(body: string, random: Random): ReturnType<Edit> {
  const match = /(^|\n)([^\n:${}]{1,30}):(\s*)$/.exec(body);
  if (!match) return undefined;
  const name = random.choice(answerNames.filter((each) => each !== match[2]));
  return { body: `${body.slice(0, match.index)}${match[1]}${name}:${match[3]}`, reason: `"${name}:" for "${match[2]}:"` };
}

/** The instruction's last sentence once more, right before the answer. */
function repeatQuestion(body: string): ReturnType<Edit> {
  const { text } = instructionOf(body);
  const last = sentencesOf(text).at(-1);
  const match = /(^|\n)([^\n${}]{1,30}:\s*)$/.exec(body);
  if (!last || !match || text.length > 400) return undefined;
  const sentence = text.slice(last.start, last.end).trim();
  return { body: `${body.slice(0, match.index)}${match[1]}${sentence}\n${match[2]}`, reason: 'the instruction repeated after the row' };
}

function sentencesOf(text: string): { start: number; end: number }[] {
  return [...text.matchAll(/[^\s.!?][^.!?\n]*[.!?]*[ \t]*/g)].map((match) => ({ start: match.index, end: match.index + match[0].length }));
}

const brief = (text: string): string => {
  const line = text.trim().replaceAll(/\s+/g, ' ');
  return line.length > 40 ? `${line.slice(0, 39)}…` : line;
};
