/** @file Instructions from a writer, based on the rows that the model answered wrong. Agrawal et al. 2025 (GEPA). */
import type { Row } from '../../data/dataset.ts';
import type { RowResult } from '../../evaluate/evaluation.ts';
import { isRight } from '../../evaluate/judging.ts';
import { isForGood, isWriterTrouble, type Writer, type WriterMessage } from '../../model/writer.ts';
import { newOnes, type Proposal, type Proposer, type ProposerContext } from './proposer.ts';
import { readAnswer } from './writtenAnswer.ts';
import { longestInstruction, mostFailures, retryRequest, writtenRequest, type Failure } from './writtenRequest.ts';
import { instructionParts } from './edit.ts';

/** The most rows that are asked to find some that the model answers wrong, and how many at a time. */
const mostAsked = 32;
const batch = 16;
/** The most drafts for one parent. */
const mostDrafts = 4;
/** High enough that drafts differ. */
const temperature = 0.8;

/** Proposes nothing without a writer, if the model answers all rows right, or once the writer's budget is spent. */
export const writtenInstructions: Proposer = {
  name: 'written',
  async propose(context) {
    const { prompt, evaluator, writer, rejected, count, random } = context;
    if (!writer || count < 1) return [];
    const failures = await failuresOf(context);
    if (failures.length === 0) return [];
    const asked = writtenRequest(prompt, evaluator.task, failures, rejected);
    const seed = random.integer(2 ** 31 - mostDrafts);
    const proposals: Proposal[] = [];
    for (let draft = 0; draft < Math.min(count, mostDrafts); draft++) {
      try {
        const written = await draftOf(context, writer, asked, seed + draft);
        if (written) proposals.push({ ...written, reason: reasonOf(writer, failures.length, written.reason) });
      } catch (error) {
        // What was written before the error is still used. The run reports the error.
        if (!isWriterTrouble(error)) throw error;
        if (isForGood(error)) break;
      }
    }
    return newOnes(prompt, proposals, count);
  },
};

/**
 * Rows that the model answers wrong, searched among the hardest rows first, then among random ones. Sorted with the worst first, and among these the
 * most confident.
 */
async function failuresOf({ prompt, adapter, evaluator, trainset, hard = [], random, signal }: ProposerContext): Promise<Failure[]> {
  const known = new Set(hard.map(({ id }) => id));
  const rows = [...random.shuffle(hard).slice(0, mostFailures), ...random.shuffle(trainset.filter(({ id }) => !known.has(id)))];
  const wrong: { readonly row: Row; readonly result: RowResult }[] = [];
  for (let from = 0; from < Math.min(rows.length, mostAsked) && wrong.length < mostFailures; from += batch) {
    const asked = rows.slice(from, Math.min(from + batch, mostAsked));
    const answered = await evaluator.evaluate({ prompt, adapter }, asked, signal && { signal });
    wrong.push(...answered.rows.map((result, place) => ({ result, row: asked[place] })).filter(({ result }) => !isRight(result)));
  }
  return wrong
    .sort(({ result: a }, { result: b }) => a.score - b.score || (a.logLikelihood ?? 0) - (b.logLikelihood ?? 0))
    .slice(0, mostFailures)
    .map(({ result, row }) => failureOf(row, result));
}

const failureOf = ({ values }: Row, { prediction, gold, feedback }: RowResult): Failure => ({
  values,
  prediction,
  ...(gold !== undefined && { gold }),
  ...(feedback !== undefined && { feedback }),
});

/** A valid prompt, with a second try if the first answer cannot be used. */
async function draftOf(
  { prompt, signal }: ProposerContext,
  writer: Writer,
  asked: readonly WriterMessage[],
  seed: number,
): Promise<Proposal | undefined> {
  // A token has about four characters. As much again is for the reason and the markup.
  const maxTokens = 300 + Math.ceil(longestInstruction(instructionParts(prompt).text) / 3);
  let messages = asked;
  for (let attempt = 1; attempt <= 2; attempt++) {
    const { text } = await writer.write(messages, { maxTokens, temperature, seed, ...(signal && { signal }) });
    const read = readAnswer(prompt, text);
    if ('prompt' in read) return { prompt: read.prompt, reason: read.why };
    messages = retryRequest(asked, text, read.problem);
  }
  return undefined;
}

const reasonOf = ({ name }: Writer, failures: number, why: string): string =>
  `written by ${name} from ${failures} wrong ${failures === 1 ? 'answer' : 'answers'}${why === '' ? '' : `: ${why}`}`;
