/** @file The shapes of a run's options: `spec` in its record, and the options that its journal contains. */
import type { LoraConfig } from '../../model/adapter.ts';
import { formChoices } from '../../model/frozen/table.ts';
import { linearNames } from '../../model/linears.ts';
import { softStarts } from '../../model/softPrompt.ts';
import { adapterChoices } from '../../model/stepAdapters.ts';
import { curricula, pacings } from '../../optimize/curriculum.ts';
import { isBaseline } from '../../optimize/baselines/names.ts';
import type { GateSettings } from '../../prompt/settings.ts';
import { amount, either, exactly, finite, flag, list, object, optional, such, text, whole, type Shape, day } from '../../shape.ts';
import { budget } from './shapes.ts';
import { chainSteps, coordinators, executors, tuneChoices, strategies } from '../spec.ts';
import type { RowLimits, RunSpec, Schedule, SoftPromptChoice, WriterChoice } from '../spec.ts';

export const rowLimits: Shape<RowLimits> = object<RowLimits>({ train: optional(whole), val: optional(whole), test: optional(whole) });

export const soft: Shape<SoftPromptChoice> = object<SoftPromptChoice>({
  tokens: optional(whole),
  start: optional(exactly(...softStarts)),
  keep: optional(flag),
});

export const lora: Shape<Partial<LoraConfig>> = object<Partial<LoraConfig>>({
  rank: optional(whole),
  alpha: optional(finite),
  dropout: optional(finite),
  targets: optional(list(exactly(...linearNames))),
});

const points: Shape<number> = such(amount, (number) => number <= 100, 'a number of points, 0 to 100');

const gate: Shape<GateSettings> = object<GateSettings>({ margin: optional(points), promptCost: optional(points) });

export const schedule: Shape<Schedule> = such(text, isSchedule, 'a schedule, such as gated') as Shape<Schedule>;

function isSchedule(name: string): boolean {
  if (name === 'gated' || name === 'classic') return true;
  if (name.startsWith('baseline:')) return isBaseline(name.slice('baseline:'.length));
  const steps = chainSteps(name as Schedule);
  return steps.length > 0 && steps.every((step) => step === 'p' || step === 'w');
}

export const threads: Shape<number> = such(whole, (number) => number >= 1 && number <= 1024, 'a number of threads, 1 to 1024');

const writer: Shape<WriterChoice> = either<WriterChoice>(
  'a writer',
  object<Extract<WriterChoice, { kind: 'endpoint' }>>({ kind: exactly('endpoint'), url: text, model: text }),
  object<Extract<WriterChoice, { kind: 'editor' }>>({ kind: exactly('editor'), model: text }),
  object<Extract<WriterChoice, { kind: 'recorded' }>>({ kind: exactly('recorded'), file: text }),
);

export const runSpec: Shape<RunSpec> = object<RunSpec>({
  prompt: text,
  model: optional(text),
  adapter: optional(text),
  seed: finite,
  rows: rowLimits,
  executor: exactly(...executors),
  threads: optional(threads),
  weights: optional(exactly(...formChoices)),
  chatDate: optional(day),
  untrusted: optional(exactly(true)),
  allowModules: optional(exactly(true)),
  skipBadRows: optional(exactly(true)),
  budget,
  coordinator: optional(exactly(...coordinators)),
  soft: optional(soft),
  schedule,
  strategy: optional(exactly(...strategies)),
  tune: exactly(...tuneChoices),
  curriculum: optional(exactly(...curricula)),
  pacing: optional(exactly(...pacings)),
  warmStart: optional(text),
  adapters: optional(exactly(...adapterChoices)),
  lora: optional(lora),
  gate: optional(gate),
  keepRuns: optional(whole),
  used: optional(amount),
  writer: optional(writer),
  writerBudget: optional(whole),
  writerConsent: optional(exactly(true)),
  controls: optional(exactly(true)),
});
