/** @file From the rows of a lesson to the input of a training step: which rows a batch has, and the tokens that they become. */
import type { Row } from '../data/dataset.ts';
import { TandemError } from '../errors.ts';
import type { SoftPrompt } from '../model/softPrompt.ts';
import type { TrainingExample } from '../model/training.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { randomStream, type Random } from '../random.ts';
import { demonstrationOf } from './proposers/demonstrations.ts';
import type { Lesson } from './trainer.ts';

/** Turns rows into tokens. */
export interface ExampleMaker {
  /** The column that a step of a program predicts. Default: the last step. */
  outputOf(step?: number): string;
  /**
   * A row under a prompt, as tokens. A prompt with a {{soft}} line needs its soft prompt.
   * @param step the step of a program that has the prompt; the last one by default
   */
  example(prompt: Prompt, row: Row, soft?: SoftPrompt, step?: number): TrainingExample;
  /** The last of the rows under a prompt, after the others as worked examples. Their answers are learned too. */
  sequence(prompt: Prompt, rows: readonly Row[], soft?: SoftPrompt, step?: number): TrainingExample;
}

/**
 * The training examples of a step on these rows. With shots, they are sequences of rows that serve as each other's worked examples, and no row is
 * asked twice. Without, each row has demonstrations that are drawn for the batch, so that weights do not memorize one wording. If longer sequences or
 * other demonstrations than the prompt's own do not fit, the prompt keeps its own.
 * @param random draws the demonstrations; without it they are the prompt's own
 * @param soft of the weights, for a prompt with a {{soft}} line
 */
export function examplesOf(
  maker: ExampleMaker,
  lesson: Lesson,
  batch: readonly Row[],
  random?: Random,
  soft?: SoftPrompt,
): TrainingExample[] {
  const { prompt, program, shots } = lesson;
  const stepOf = ({ id }: Row): number | undefined => (program && Object.hasOwn(program.others, id) ? program.others[id] : undefined);
  const under = (shown: Prompt): TrainingExample[] =>
    batch.map((row) => {
      const other = stepOf(row);
      return other === undefined
        ? maker.example(shown, row, soft, program?.step)
        : maker.example(program!.prompts[other], row, soft, other);
    });
  const inSequences = (): TrainingExample[] =>
    [...new Set(batch.map(stepOf))].flatMap((other) =>
      groups(
        batch.filter((row) => stepOf(row) === other),
        shots + 1,
      ).map((group) =>
        other === undefined
          ? maker.sequence(prompt, group, soft, program?.step)
          : maker.sequence(program!.prompts[other], group, soft, other),
      ),
    );
  if (shots > 0) return ifItFits(inSequences, () => under(prompt));
  const shown = random ? resampled(lesson, maker, batch, random) : prompt;
  return shown === prompt
    ? under(prompt)
    : ifItFits(
        () => under(shown),
        () => under(prompt),
      );
}

/** Groups of the given size, in the given order. The last one may have fewer rows. */
function groups(rows: readonly Row[], size: number): Row[][] {
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, group) => rows.slice(group * size, (group + 1) * size));
}

function ifItFits<T>(longer: () => T, shorter: () => T): T {
  try {
    return longer();
  } catch (error) {
    if (!(error instanceof TandemError) || error.reason !== 'too-long') throw error;
    return shorter();
  }
}

/** Draws batches from the lessons in turn. Lessons with the same rows share one order. */
export function batchesInTurn(lessons: readonly Lesson[], seed: number): (lesson: Lesson, count: number) => readonly Row[] {
  const cycles = new Map<string, (count: number) => readonly Row[]>();
  const cycleOf = new Map<Lesson, (count: number) => readonly Row[]>();
  for (const lesson of lessons) {
    const key = lesson.rows.map(({ id }) => id).join(' ');
    const cycle = cycles.get(key) ?? rowCycle(lesson.rows, seed);
    cycles.set(key, cycle);
    cycleOf.set(lesson, cycle);
  }
  return (lesson, count) => cycleOf.get(lesson)!(count);
}

/** Rows in random order. Each is drawn once before any is drawn twice. */
function rowCycle(rows: readonly Row[], seed: number): (count: number) => Row[] {
  let epoch = 0;
  let waiting: Row[] = [];
  return (count) => {
    const size = Math.min(count, rows.length);
    if (waiting.length < size) waiting = [...waiting, ...randomStream(seed, 'epoch', epoch++).shuffle(rows)];
    const batch = waiting.slice(0, size);
    waiting = waiting.slice(size);
    return batch;
  };
}

/** As many demonstrations as the prompt's own, but other ones. None of them is a row of the batch or of another step. */
function resampled({ prompt, rows, program }: Lesson, maker: ExampleMaker, batch: readonly Row[], random: Random): Prompt {
  const count = prompt.demonstrations.length;
  if (!count) return prompt;
  const used = new Set([...batch.map(({ id }) => id), ...Object.keys(program?.others ?? {})]);
  const free = random.shuffle(rows.filter((row) => !used.has(row.id))).slice(0, count);
  const output = maker.outputOf(program?.step);
  return free.length < count ? prompt : { ...prompt, demonstrations: free.map((row) => demonstrationOf(prompt, output, row)) };
}
