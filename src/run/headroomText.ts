/** @file The preflight of a prompt as people read it. */
import type { Headroom, LeverOutlook } from '../optimize/headroom.ts';
import { gainDetails, gainText, likelihoodPart, percentWithInterval, rowCount } from './format.ts';

/** `weights likely to help, prompt unclear`. */
export const headroomHeadline = ({ levers }: Headroom): string => levers.map(outlookText).join(', ');

/** `weights likely to help`. */
const outlookText = ({ lever, outlook }: LeverOutlook): string => `${lever} ${outlook === 'unclear' ? outlook : `${outlook} to help`}`;

/** A line for the prompt as it is, one for the weights, and one for the prompt. */
export function headroomText({ now, levers }: Headroom): string {
  return [
    `Now: ${percentWithInterval(now.score)} on ${rowCount(now.score.rows, 'validation')}`,
    ...levers.map((each) => {
      const how = each.lever === 'weights' ? 'after a short training' : `with the best of ${each.tried} prompts`;
      return `${outlookText(each)}: ${gainText(each.score)} ${how}; ${gainDetails(each.score)}${likelihoodPart(each.logLikelihood)}`;
    }),
  ].join('\n');
}
