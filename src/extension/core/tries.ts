/** @file What is tried of a prompt: the columns that it reads, and the answers beside each other while the worker gives them. */
import type { RowAnswer } from '../../run/answerRow.ts';
import { describeError } from '../../errors.ts';
import { stepsOf } from '../../prompt/prompt.ts';
import { columnsOf } from '../../prompt/template.ts';
import type { Side, SideState } from '../tryItMessages.ts';
import { jobProgress, progressText, type Job } from './job.ts';
import type { MeasuredFile } from './measuredFile.ts';

/** What someone fills in: no answer of an earlier step, and not what is to be found. */
export function columnsToFill({ file, program }: Pick<MeasuredFile, 'file' | 'program'>): string[] {
  const answered = new Set([file.settings.output, ...(program?.steps ?? []).map(({ settings }) => settings.output)]);
  return [...new Set(stepsOf(file.prompt).flatMap(columnsOf))].filter((column) => !answered.has(column));
}

/** How one answer of a job stands. @param now Date.now() */
export function sideOf(title: string, weights: RowAnswer['weights'], job: Job, now: number): Side {
  return { title, state: stateOf(weights, job, now) };
}

function stateOf(weights: RowAnswer['weights'], job: Job, now: number): SideState {
  const answer = job.answers?.find((each) => each.weights === weights);
  if (answer) return { kind: 'answered', answer };
  if (job.status === 'failed') return { kind: 'failed', message: describeError(job.error) };
  if (job.status === 'done') return { kind: 'failed', message: 'There is no such adapter.' };
  if (job.status === 'stopped') return { kind: 'stopped' };
  const what = progressText(jobProgress(job, now));
  return { kind: 'working', what, ...(job.written?.weights === weights && { text: job.written.text }) };
}
