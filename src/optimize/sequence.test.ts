/** @file Training sequences: their tokens are those of the prompt with its demonstrations, and every answer is located among them. */
import { beforeAll, describe, expect, test } from 'vitest';
import { makeRow, type Row } from '../data/dataset.ts';
import type { Task } from '../evaluate/evaluation.ts';
import { questionText } from '../evaluate/question.ts';
import type { LocalModel } from '../model/localModel.ts';
import type { TrainingExample } from '../model/training.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { textIn } from '../prompt/values.ts';
import { examplesOf } from './batches.ts';
import { kindRows, kindTask, loadTinyModel } from './kinds.fixture.ts';
import { loraTrainer } from './loraTrainer.ts';
import { demonstrationOf } from './proposers/demonstrations.ts';
import { trainingText } from './sequence.ts';

let model: LocalModel;
beforeAll(async () => {
  model = await loadTinyModel();
});

const rows = kindRows(7);
const markdown: Prompt = { body: 'Say what it is.\n\n{{demos}}\nText: ${input:text}\nKind:\n', demonstrations: [] };
const jinja: Prompt = { body: 'system:\nSay what it is.\n\nuser:\nText: {{text}}\nKind:\n', demonstrations: [], syntax: 'jinja' };
const chat: Task = { ...kindTask, template: 'chat' };

/** The prompt with the rows before the last as its own demonstrations, in the form used for measurements. */
function asked(task: Task, prompt: Prompt, shown: readonly Row[]): string {
  const demonstrations = shown.slice(0, -1).map((row) => demonstrationOf(prompt, task.output, row));
  return questionText(task, model.texts, { ...prompt, demonstrations }, shown[shown.length - 1].values);
}

const trained = (task: Task, prompt: Prompt, shown: readonly Row[]): TrainingExample =>
  model.training.example(trainingText(model.texts, task, prompt, shown));

describe('a training sequence', () => {
  test.each([
    ['text', kindTask, markdown],
    ['roles', kindTask, jinja],
    ['chat', chat, markdown],
  ])('of a prompt in %s has the tokens of the question with its worked examples, and locates each answer among them', (_, task, prompt) => {
    for (const count of [1, 2, 4]) {
      const shown = rows.slice(0, count);
      const { prompt: tokens, answer, earlier = [] } = trained(task, prompt, shown);
      expect(tokens).toEqual(model.promptTokens(asked(task, prompt, shown)));
      const read = (ids: readonly number[]): string => model.tokenizer.decode([...ids]).trim();
      expect(earlier.map(({ start, end }) => read(tokens.slice(start, end)))).toEqual(shown.slice(0, -1).map(({ values }) => values.kind));
      expect(read(answer)).toBe(shown[count - 1].values.kind);
    }
  });

  test('keeps the demonstrations of a prompt that is used with one row', () => {
    const prompt = { ...markdown, demonstrations: [demonstrationOf(markdown, 'kind', rows[6])] };
    const { prompt: tokens, earlier } = trained(kindTask, prompt, [rows[0]]);
    expect(tokens).toEqual(model.promptTokens(questionText(kindTask, model.texts, prompt, rows[0].values)));
    expect(earlier).toBeUndefined();
  });

  test("uses the prompt's words for labels in every answer", () => {
    const prompt = { ...markdown, labelWords: { animal: 'beast', colour: 'hue' } };
    const spoken: Readonly<Record<string, string>> = prompt.labelWords;
    const { prompt: tokens, answer, earlier = [] } = trained(kindTask, prompt, rows.slice(0, 3));
    expect(tokens).toEqual(model.promptTokens(asked(kindTask, prompt, rows.slice(0, 3))));
    const read = (ids: readonly number[]): string => model.tokenizer.decode([...ids]).trim();
    const answers = [...earlier.map(({ start, end }) => tokens.slice(start, end)), answer].map(read);
    expect(answers).toEqual(rows.slice(0, 3).map(({ values }) => spoken[textIn(values, 'kind')]));
  });

  test('of free text teaches where an answer ends, after the last one only', () => {
    const { labels: _, ...free } = kindTask;
    const [end] = model.tokenizer.endTokens;
    const { prompt: tokens, answer } = trained(free, markdown, rows.slice(0, 3));
    expect([tokens.includes(end), answer.at(-1)]).toEqual([false, end]);
  });
});

describe('a batch with shots', () => {
  const trainer = (): ReturnType<typeof loraTrainer> => loraTrainer(model, kindTask);

  test('asks every row once, in sequences that share the instruction', () => {
    const examples = examplesOf(trainer(), { prompt: markdown, rows, shots: 3 }, rows);
    expect(examples.map(({ earlier = [] }) => earlier.length)).toEqual([3, 2]);
  });

  test('costs as much per answer as without, plus the text between two answers', () => {
    const between = model.completionTokens('\n\nText:').length + 1;
    const long = { ...markdown, body: 'Say what it is. '.repeat(8) + markdown.body };
    const cost = (shots: number): number => trainer().stepCost({ prompt: long, rows, shots }, 7) / 3;
    const [{ prompt: shared }] = [trainer().example(long, rows[0])];
    expect(cost(0)).toBeGreaterThan(shared.length);
    expect(cost(3) - cost(0)).toBeLessThanOrEqual(7 * between);
  });

  test('asks rows one by one if a sequence is too long for the model', () => {
    const long = Array.from({ length: 4 }, (_, line) => makeRow({ text: 'cat '.repeat(60), kind: 'animal' }, line + 1));
    const examples = examplesOf(trainer(), { prompt: markdown, rows: long, shots: 3 }, long);
    expect(examples.map(({ earlier }) => earlier)).toEqual(long.map(() => undefined));
  });
});
