/** @file The headroom of a prompt as people read it. */
import type { Headroom, LeverOutlook } from '../optimize/headroom.ts';
import { likelihoodPart, percentWithInterval, points, rowCount } from './format.ts';

/** `weights likely to help, prompt unclear`. */
export const headroomHeadline = ({ levers }: Headroom): string => levers.map(outlookText).join(', ');

/** `weights likely to help`. */
const outlookText = ({ lever, outlook }: LeverOutlook): string => `${lever} ${outlook === 'unclear' ? outlook : `${outlook} to help`}`;

/** A line for the prompt as it is, and one for each lever. */
export function headroomText({ now, levers }: Headroom): string {
  return [
    `As it is: ${percentWithInterval(now.score)} on ${rowCount(now.score.rows, 'validation')}`,
    ...levers.map((each) => {
      const how = each.lever === 'weights' ? 'after a short training' : `with the best of ${each.tried} prompts`;
      return `${outlookText(each)}: ${points(each.score)}${likelihoodPart(each.logLikelihood)} ${how}`;
    }),
  ].join('\n');
}
