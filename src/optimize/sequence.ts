/**
 * @file Training sequences of worked examples: k+1 rows through the prompt's own demonstration block, the answer of each learned (in-context
 * tuning; Chen et al. 2022, Min et al. 2022). The instruction is a prefix that all sequences share, so an answer costs what it costs alone.
 */
import type { Row } from '../data/dataset.ts';
import type { Task } from '../evaluate/evaluation.ts';
import { ofRow } from '../evaluate/ofRow.ts';
import { answerAfter, endAfterAnswer, questionText } from '../evaluate/question.ts';
import { requirePositions } from '../model/engine.ts';
import type { LlamaModel } from '../model/llama.ts';
import type { SoftPrompt } from '../model/softPrompt.ts';
import type { TokenSpan, TrainingExample } from '../model/training.ts';
import { wordsFor } from '../prompt/labelWords.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { textIn } from '../prompt/values.ts';
import { demonstrationOf } from './proposers/demonstrations.ts';

/**
 * The last of the rows as a question under the prompt, the others before it as worked examples in the place of the prompt's own. Of one row
 * alone: the question under the prompt as it is.
 * @param soft of a prompt with a {{soft}} line
 * @throws TandemError those of `questionText`; 'too-long'
 */
export function trainingSequence(model: LlamaModel, task: Task, prompt: Prompt, rows: readonly Row[], soft?: SoftPrompt): TrainingExample {
  const { tokenizer } = model;
  const row = rows[rows.length - 1];
  const answerOf = ({ values }: Row): string => wordsFor(prompt, textIn(values, task.output).trim());
  const worked = rows.slice(0, -1);
  const shown = worked.length === 0 ? prompt : withMarks(prompt, task.output, worked);
  const question = ofRow(row, () => questionText(task, tokenizer, shown, row.values));
  const pieces = question.split(mark);
  const tokens = model.promptTokens(withoutLead(pieces[0], worked.length > 0), soft);
  const earlier: TokenSpan[] = [];
  worked.forEach((example, place) => {
    const lead = pieces[place] === withoutLead(pieces[place], true) ? '' : ' ';
    const answer = model.completionTokens(lead + answerOf(example));
    earlier.push({ start: tokens.length, end: tokens.length + answer.length });
    tokens.push(...answer, ...model.completionTokens(withoutLead(pieces[place + 1], place + 1 < worked.length)));
  });
  const answer = model.completionTokens(answerAfter(task, question, answerOf(row)));
  // A label is chosen among labels; free text must also learn where to end.
  const ended = task.labels ? answer : [...answer, ...endAfterAnswer(task, tokenizer)];
  requirePositions(model.engine.config, tokens.length + ended.length - 1);
  return { prompt: tokens, answer: ended, ...(earlier.length > 0 && { earlier }) };
}

/** Stands for the answer of a worked example while the prompt is filled in: a character that no text has. */
const mark = '\u{F8FE}';

const withMarks = (prompt: Prompt, output: string, rows: readonly Row[]): Prompt => ({
  ...prompt,
  demonstrations: rows.map((row) => ({ ...demonstrationOf(prompt, output, row), output: mark })),
});

/** The text up to an answer without the space before it, which is the answer's first: so it is tokenized where a model answers. */
const withoutLead = (text: string, isBeforeAnswer: boolean): string => (isBeforeAnswer ? text.replace(/(?<=\S) $/, '') : text);
