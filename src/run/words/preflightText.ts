/** @file The preflight of a prompt, as text for people. */
import type { Preflight, TargetOutlook } from '../../optimize/preflight.ts';
import { gainDetails, gainText, likelihoodPart, percentWithInterval, rowCount } from './format.ts';

/** `weights likely to help, prompt unclear`. */
export const preflightHeadline = ({ targets }: Preflight): string => targets.map(outlookText).join(', ');

/** `weights likely to help`. */
const outlookText = ({ target, outlook }: TargetOutlook): string => `${target} ${outlook === 'unclear' ? outlook : `${outlook} to help`}`;

/** One line for the current prompt, one for the weights, and one for the prompt. */
export function preflightText({ now, targets }: Preflight): string {
  return [
    `Now: ${percentWithInterval(now.score)} on ${rowCount(now.score.rows, 'validation')}`,
    ...targets.map((each) => {
      const how = each.target === 'weights' ? 'after a short training' : `with the best of ${each.tried} prompts`;
      return `${outlookText(each)}: ${gainText(each.score)} ${how}; ${gainDetails(each.score)}${likelihoodPart(each.logLikelihood)}`;
    }),
  ].join('\n');
}
