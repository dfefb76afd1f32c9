/** @file The preflight of a prompt as people read it. */
import type { Preflight, LeverOutlook } from '../../optimize/preflight.ts';
import { gainDetails, gainText, likelihoodPart, percentWithInterval, rowCount } from './format.ts';

/** `weights likely to help, prompt unclear`. */
export const preflightHeadline = ({ levers }: Preflight): string => levers.map(outlookText).join(', ');

/** `weights likely to help`. */
const outlookText = ({ lever, outlook }: LeverOutlook): string => `${lever} ${outlook === 'unclear' ? outlook : `${outlook} to help`}`;

/** A line for the prompt as it is, one for the weights, and one for the prompt. */
export function preflightText({ now, levers }: Preflight): string {
  return [
    `Now: ${percentWithInterval(now.score)} on ${rowCount(now.score.rows, 'validation')}`,
    ...levers.map((each) => {
      const how = each.lever === 'weights' ? 'after a short training' : `with the best of ${each.tried} prompts`;
      return `${outlookText(each)}: ${gainText(each.score)} ${how}; ${gainDetails(each.score)}${likelihoodPart(each.logLikelihood)}`;
    }),
  ].join('\n');
}
