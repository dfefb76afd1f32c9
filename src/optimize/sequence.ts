/**
 * @file Training sequences of worked examples: k+1 rows through the prompt's own demonstration block, where the answer of each is learned (in-context
 * tuning; Chen et al. 2022, Min et al. 2022). The instruction is a prefix that all sequences share, so an answer costs no more than alone.
 */
import type { Row } from '../data/dataset.ts';
import type { Task } from '../evaluate/evaluation.ts';
import { ofRow } from '../evaluate/ofRow.ts';
import { answerAfter, questionText } from '../evaluate/question.ts';
import type { Texts } from '../model/texts.ts';
import type { TrainingText } from '../model/trainingText.ts';
import { wordsFor } from '../prompt/labelWords.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { textIn } from '../prompt/values.ts';
import { demonstrationOf } from './proposers/demonstrations.ts';

/**
 * The last of the rows as a question under the prompt, with the others before it as worked examples instead of the prompt's own. With a single row:
 * the question under the unchanged prompt.
 * @throws TandemError those of `questionText`
 */
export function trainingText(texts: Texts, task: Task, prompt: Prompt, rows: readonly Row[]): TrainingText {
  const row = rows[rows.length - 1];
  const answerOf = ({ values }: Row): string => wordsFor(prompt, textIn(values, task.output).trim());
  const worked = rows.slice(0, -1);
  const shown = worked.length === 0 ? prompt : withMarks(prompt, task.output, worked);
  const question = ofRow(row, () => questionText(task, texts, shown, row.values));
  const pieces = question.split(mark);
  const earlier = worked.map((example, place) => {
    const lead = pieces[place] === withoutLead(pieces[place], true) ? '' : ' ';
    return { answer: lead + answerOf(example), then: withoutLead(pieces[place + 1], place + 1 < worked.length) };
  });
  return {
    prompt: withoutLead(pieces[0], worked.length > 0),
    earlier,
    answer: answerAfter(task, question, answerOf(row)),
    // A label is chosen among labels. Free text must also learn where to end.
    ...(!task.labels && { end: task.template === 'chat' ? 'turn' : 'text' }),
  };
}

/** A placeholder for the answer of a worked example while the prompt is filled in: a character that no text contains. */
const mark = '\u{F8FE}';

const withMarks = (prompt: Prompt, output: string, rows: readonly Row[]): Prompt => ({
  ...prompt,
  demonstrations: rows.map((row) => ({ ...demonstrationOf(prompt, output, row), output: mark })),
});

/** The text up to an answer without the space before it, which belongs to the answer. So the text is tokenized where a model answers. */
const withoutLead = (text: string, isBeforeAnswer: boolean): string => (isBeforeAnswer ? text.replace(/(?<=\S) $/, '') : text);
