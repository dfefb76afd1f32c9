/** @file What a run tunes: the files of some kinds have no place for an adapter, so only their text is tuned. */
import { TandemError } from '../errors.ts';
import { promptKindOf } from '../prompt/kinds/table.ts';
import { chainSteps, type RunSpec, type TuneChoice } from './spec.ts';

type Asked = Pick<RunSpec, 'prompt' | 'tune' | 'schedule'>;

/** What was asked, or the prompt alone where both were asked and the file takes no adapter. @throws TandemError reason 'bad-option' */
export function whatToTune({ prompt, tune, schedule }: Asked): TuneChoice {
  if (promptKindOf(prompt).tunes !== 'prompt') return tune;
  if (tune !== 'weights' && !trainsAnyway(schedule)) return 'prompt';
  throw new TandemError('bad-option', 'Only the description of a skill is tuned: the model of an agent cannot use an adapter.', {
    where: { file: prompt },
    hint: 'Use --tune prompt, and the schedule gated.',
  });
}

/** Whether a schedule names the steps itself, and trains weights in one of them. */
const trainsAnyway = (schedule: RunSpec['schedule']): boolean =>
  schedule === 'classic' || chainSteps(schedule).includes('w') || /^baseline:(?:lora|weights|.*\bw\b)/.test(schedule);
