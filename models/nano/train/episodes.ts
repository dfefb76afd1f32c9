/**
 * @file The texts that nano is healed on: plain English, and episodes. An episode presents one task in varying forms, so that the model has
 * to read its prompt: with or without a definition, a list of labels or demonstrations; with renamed labels; with different frames and
 * separators; as chat or as plain text.
 */
import type { Tokenizer } from '../../../src/model/tokenizer.ts';
import { randomStream, type Random } from '../../../src/random.ts';
import type { CorpusRow, CorpusTask } from './corpus.ts';

export interface Episode {
  readonly tokens: readonly number[];
  /** The ranges of the answers in `tokens`, [start, end): those of the demonstrations, and that of the row at the end. */
  readonly answers: readonly (readonly [start: number, end: number])[];
}

export interface EpisodeSource {
  readonly tasks: Readonly<Record<string, CorpusTask>>;
  readonly rows: ReadonlyMap<string, readonly CorpusRow[]>;
  readonly texts: readonly string[];
  readonly tokenizer: Tokenizer;
}

const mostTokens = 448;
const textTokens = 256;
const shareOfText = 0.15;

/** Episode number `index`. The same seed gives the same episode, whatever was drawn before. */
export function episode(source: EpisodeSource, seed: number, index: number): Episode {
  const random = randomStream(seed, 'episode', index);
  return random.uniform() < shareOfText ? textEpisode(source, random) : taskEpisode(source, random);
}

function textEpisode({ texts, tokenizer }: EpisodeSource, random: Random): Episode {
  const tokens = tokenizer.encode(random.choice(texts));
  const start = random.integer(Math.max(1, tokens.length - textTokens));
  return { tokens: tokens.slice(start, start + textTokens), answers: [] };
}

function taskEpisode(source: EpisodeSource, random: Random): Episode {
  const names = [...source.rows.keys()];
  const name = random.choice(names);
  const task = source.tasks[name];
  const wanted = random.choice([0, 0, 1, 2, 3, 4, 4, 4, 5, 6]);
  const rows = random.shuffle(source.rows.get(name)!).slice(0, wanted + 1);
  const renamed = task.labels && wanted >= 2 && random.uniform() < 0.5 ? newLabels(task.labels, random) : undefined;
  const frame = drawFrame(random);
  const instruction = instructionOf(task, renamed, wanted > 0, random);
  const asChat = random.uniform() < 0.2;
  // Long rows leave room for fewer demonstrations.
  for (let count = rows.length; ; count--) {
    const shown = rows.slice(0, count).map(({ input, output }) => ({ input, output: renamed?.get(output) ?? output }));
    const result = asChat
      ? chatTokens(source.tokenizer, instruction, frame, shown)
      : plainTokens(source.tokenizer, instruction, frame, shown);
    if (result.tokens.length <= mostTokens) return result;
    if (count === 1) return { tokens: result.tokens.slice(0, mostTokens), answers: result.answers.filter(([, end]) => end <= mostTokens) };
  }
}

interface Frame {
  /** The text up to where the answer follows after a space. */
  readonly row: (input: string) => string;
  readonly between: string;
}

const inputNames = [
  'Input',
  'Text',
  'Message',
  'Sentence',
  'Question',
  'Q',
  'Passage',
  'Item',
  'Example',
  'Review',
  'x',
  'Query',
  'Customer',
];
const outputNames = ['Output', 'Answer', 'Label', 'A', 'Category', 'Intent', 'Result', 'Response', 'Class', 'Type', 'y', 'Topic'];

function drawFrame(random: Random): Frame {
  const [from, to] = [random.choice(inputNames), random.choice(outputNames)];
  const row = random.choice<Frame['row']>([
    (input) => `${from}: ${input}\n${to}:`,
    (input) => `${from}: ${input}\n${to}:`,
    (input) => `${from}: ${input}\n${to}:`,
    (input) => `${input}\n${to}:`,
    (input) => `${input} ->`,
    (input) => `${input} =>`,
    (input) => `${from}: ${input} ${to}:`,
    (input) => `<${from.toLowerCase()}>${input}</${from.toLowerCase()}>\n${to}:`,
  ]);
  return { row, between: random.choice(['\n\n', '\n\n', '\n\n', '\n', '\n---\n', '\n\n###\n\n']) };
}

/** The task's definition or another wording of it, sometimes neither; sometimes with the list of labels. */
function instructionOf(task: CorpusTask, renamed: ReadonlyMap<string, string> | undefined, shown: boolean, random: Random): string {
  const wordings = [task.definition, ...(task.paraphrases ?? [])].filter((text) => text !== '');
  const none = wordings.length === 0 || (shown && random.uniform() < 0.3);
  const text = none ? '' : random.choice(wordings);
  const labels = task.labels && task.labels.length <= 12 ? random.shuffle(task.labels) : [];
  if (labels.length === 0 || random.uniform() < 0.5) return renamed && random.uniform() < 0.5 ? '' : text;
  if (renamed) return [text, labels.map((label) => `Answer ${renamed.get(label)} for ${label}.`).join(' ')].filter(Boolean).join(' ');
  const list = random.choice<(labels: readonly string[]) => string>([
    (all) => `Answer with one of: ${all.join(', ')}.`,
    (all) => `Labels: ${all.join(', ')}`,
    (all) => `Choose ${all.slice(0, -1).join(', ')} or ${all[all.length - 1]}.`,
    (all) => `Options:\n${all.map((label) => `- ${label}`).join('\n')}`,
  ])(labels);
  return [text, list].filter(Boolean).join(random.uniform() < 0.5 ? ' ' : '\n');
}

const otherLabels = [
  ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L'],
  ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12'],
  ['red', 'blue', 'green', 'yellow', 'black', 'white', 'brown', 'pink', 'grey', 'orange', 'purple', 'gold'],
  ['foo', 'bar', 'baz', 'qux', 'ping', 'pong', 'zip', 'zap', 'tick', 'tock', 'dot', 'dash'],
  ['cat', 'dog', 'bird', 'fish', 'horse', 'cow', 'pig', 'sheep', 'fox', 'wolf', 'bear', 'deer'],
  ['north', 'south', 'east', 'west', 'up', 'down', 'left', 'right', 'in', 'out', 'over', 'under'],
];

/** Other words for the labels, or the labels in another order, so that only the demonstrations show which is which. */
function newLabels(labels: readonly string[], random: Random): Map<string, string> | undefined {
  if (labels.length > 12) return undefined;
  const names = random.uniform() < 0.4 ? labels : random.choice(otherLabels);
  const drawn = random.shuffle(names);
  return new Map(labels.map((label, i) => [label, drawn[i]]));
}

function plainTokens(tokenizer: Tokenizer, instruction: string, frame: Frame, rows: readonly CorpusRow[]): Episode {
  const parts: Part[] = instruction ? [{ text: `${instruction}\n\n` }] : [];
  rows.forEach(({ input, output }, i) =>
    parts.push({ text: frame.row(input) }, { text: ` ${output}`, answer: true }, { text: i < rows.length - 1 ? frame.between : turnEnd }),
  );
  return encoded(tokenizer, parts);
}

const turnEnd = '<|im_end|>';

/** The tokens of an episode as a chat: the user's one message contains the demonstrations and the row. */
function chatTokens(tokenizer: Tokenizer, instruction: string, frame: Frame, rows: readonly CorpusRow[]): Episode {
  const demonstrations = rows
    .slice(0, -1)
    .flatMap(({ input, output }): Part[] => [{ text: frame.row(input) }, { text: ` ${output}`, answer: true }, { text: frame.between }]);
  const { input, output } = rows[rows.length - 1];
  const slot = '\u0001';
  const [before, after] = tokenizer.applyChatTemplate([{ role: 'user', content: slot }]).split(slot);
  return encoded(tokenizer, [
    { text: before + (instruction ? `${instruction}\n\n` : '') },
    ...demonstrations,
    { text: frame.row(input) + after },
    { text: output, answer: true },
    { text: turnEnd },
  ]);
}

interface Part {
  readonly text: string;
  readonly answer?: boolean;
}

/** Encodes what stands between two answers as one text. The end of an answer belongs to it, so that the model learns where to stop. */
function encoded(tokenizer: Tokenizer, parts: readonly Part[]): Episode {
  const tokens: number[] = [];
  const answers: [number, number][] = [];
  let between = '';
  for (const { text, answer } of parts) {
    if (!answer) {
      between += text;
      continue;
    }
    tokens.push(...tokenizer.encode(between));
    const start = tokens.length;
    tokens.push(...tokenizer.encode(text));
    answers.push([start, tokens.length + 1]);
    between = '';
  }
  return { tokens: [...tokens, ...tokenizer.encode(between)], answers };
}
