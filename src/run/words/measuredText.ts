/** @file A measured prompt, and each of its lines, as lines of text, for the command line and for a client of the MCP server. */
import type { Attribution } from '../../evaluate/attribution.ts';
import { cutText } from '../../evaluate/cuts.ts';
import type { AnswerEnds } from '../../prompt/decoding.ts';
import type { LineMeasurement, PromptMeasurement } from '../measure.ts';
import type { LineWorth } from '../record/results.ts';
import { answerEndsText, count, likelihoodPart, nats, percentWithInterval, points, sureness } from './format.ts';

export interface Measured {
  /** The name of the prompt file here. */
  readonly name: string;
  /** `80 validation rows`. */
  readonly rows: string;
}

/** @param answerEnds for each step, if they are known */
export function measuredText(
  { name, rows }: Measured,
  { model, adapter, metric, score, logLikelihood, promptTokens, reported = [], cuts = [] }: Omit<PromptMeasurement, 'rows'>,
  answerEnds: readonly (AnswerEnds | null)[] = [],
): string {
  const width = Math.max(...[metric, ...reported.map((each) => each.metric), 'log-likelihood'].map(({ length }) => length)) + 2;
  return [
    `${name} with ${model}${adapter ? ` and adapter ${adapter}` : ''}, ${rows}`,
    `${metric.padEnd(width)}${percentWithInterval(score)}`,
    ...reported.map((each) => `${each.metric.padEnd(width)}${percentWithInterval(each.score)}`),
    ...(logLikelihood ? [`${'log-likelihood'.padEnd(width)}${nats(logLikelihood)}`] : []),
    `${'prompt tokens'.padEnd(width)}${promptTokens}`,
    ...(answerEnds.some((ends) => ends) ? [`${'answers'.padEnd(width)}${answerEndsText(answerEnds)}`] : []),
    ...cuts.map((cut) => `${cutText(cut)}.`),
    '',
  ].join('\n');
}

export function linesText({ name, rows }: Measured, { evaluation, lines, items }: LineMeasurement): string {
  return [
    `${name} with ${evaluation.model}: ${percentWithInterval(evaluation.score)} on ${rows}\n`,
    ...(evaluation.cuts ?? []).map((cut) => `${cutText(cut)}.\n`),
    '\n',
    ...lines.map((line, place) => headingOf(lines, place) + lineText(line, items[place])),
  ].join('');
}

/** The prompt file of a program's step, before its first line. */
function headingOf(lines: readonly LineWorth[], place: number): string {
  const { file } = lines[place];
  if (file === undefined || (lines.at(place - 1)?.file === file && place > 0)) return '';
  return `${place > 0 ? '\n' : ''}${file}\n`;
}

function lineText({ line, text, score, logLikelihood }: LineWorth, { tokensSaved }: Attribution): string {
  const shown = text.length > 60 ? `${text.slice(0, 59)}…` : text;
  return `${String(line).padStart(4)}  ${shown}\n      ${points(score)}, P(better) ${sureness(score)}${likelihoodPart(logLikelihood)}, ${count(tokensSaved)} tokens\n`;
}
