/** @file The options of one run. `runDefaults` has everything but the prompt. */
import { TandemError } from '../errors.ts';
import type { LoraConfig } from '../model/adapter.ts';
import type { FormChoice } from '../model/frozen/table.ts';
import type { AdapterChoice } from '../model/stepAdapters.ts';
import type { SoftStart } from '../model/softPrompt.ts';
import { baselineNames, isBaseline, type BaselineName } from '../optimize/baselines/names.ts';
import type { Curriculum, Pacing } from '../optimize/curriculum.ts';
import type { GateSettings } from '../prompt/settings.ts';

/** Seconds of wall clock, from the command to the end of the final test, or tokens for comparisons at equal compute. */
export type Budget = { readonly seconds: number } | { readonly tokens: number };

/** `gated` and `classic`, a published chain of steps such as `chain:p -> w -> p`, or a published method such as `baseline:mipro`. */
export type Schedule = 'gated' | 'classic' | `chain:${string}` | `baseline:${BaselineName}`;

export const strategies = ['plain', 'mixture', 'look-ahead'] as const;
/** How a prompt step escapes lock-in. */
export type Strategy = (typeof strategies)[number];

/** How to optimize jointly: prompt and weights alternately, one block at a time, or a soft prompt and the weights in one backward pass. */
export const coordinators = ['alternating', 'coordinate', 'simultaneous'] as const;
export type CoordinatorName = (typeof coordinators)[number];

/** Options of a soft prompt. The coordinator's own defaults if absent. */
export interface SoftPromptChoice {
  /** Virtual tokens. */
  readonly tokens?: number;
  readonly start?: SoftStart;
  /** Whether it may stay as a part of the adapter if no text reaches its score. */
  readonly keep?: boolean;
}

export const tuneChoices = ['both', 'prompt', 'weights'] as const;
export type TuneChoice = (typeof tuneChoices)[number];

export const executors = ['onnxruntime', 'tensorflow'] as const;
export type ExecutorName = (typeof executors)[number];

/** The most rows of each split to use. All of them if absent. */
export interface RowLimits {
  readonly train?: number;
  readonly val?: number;
  readonly test?: number;
}

/** The rows that a prompt is measured on. 'test' opens the sealed split. */
export type Split = 'val' | 'test';

/** The splits' names for people: `validation rows`. */
export const splitWords = { train: 'training', val: 'validation', test: 'test' } as const;

/** Which prompt, on which model: enough to evaluate. */
export interface SessionSpec {
  /** Absolute path of the prompt file. */
  readonly prompt: string;
  /** Overrides the model in the front matter. */
  readonly model?: string;
  /** A PEFT directory to start from; overrides the front matter's. */
  readonly adapter?: string;
  readonly seed: number;
  readonly rows: RowLimits;
  readonly executor: ExecutorName;
  readonly threads?: number;
  /** How the frozen weights of a local model are kept in memory. 'f32' if absent, as in records of versions that had no other. */
  readonly weights?: FormChoice;
  /** The workspace is not trusted: only the embedded model is loaded, and no adapter that the prompt file names. */
  readonly untrusted?: true;
  /** Metrics of the prompt file that are JavaScript modules may run. Not stored with a run: a resume must allow it again. */
  readonly allowModules?: true;
  /** The date for chat templates if the prompt file names none, YYYY-MM-DD. `defaultChatDate` if absent. A run stores its own. */
  readonly chatDate?: string;
  /** Bad rows of the data are left out, with a notice. Otherwise the first of them is an error. */
  readonly skipBadRows?: true;
}

/** What writes new instructions. */
export type WriterChoice =
  /** A server with OpenAI's API. */
  | { readonly kind: 'endpoint'; readonly url: string; readonly model: string }
  /** A language model of the editor, by its id. */
  | { readonly kind: 'editor'; readonly model: string }
  /** A file of recorded answers. */
  | { readonly kind: 'recorded'; readonly file: string };

export interface RunSpec extends SessionSpec {
  readonly budget: Budget;
  /** Milliseconds of a budget of time that were used before the run began, e.g. for preflight. */
  readonly used?: number;
  /** If absent, 'alternating', as in records of versions that had no other; for a program of several steps 'coordinate'. */
  readonly coordinator?: CoordinatorName;
  readonly soft?: SoftPromptChoice;
  /** An option of the alternating coordinator, like the strategy. */
  readonly schedule: Schedule;
  /** The coordinator's own default if absent. */
  readonly strategy?: Strategy;
  readonly tune: TuneChoice;
  /** What grows during the run. Nothing if absent. */
  readonly curriculum?: Curriculum;
  /** How fast it grows. The coordinator's own default if absent. */
  readonly pacing?: Pacing;
  /** A learned start: 'auto' (the default) uses the workspace's or the model's own if there is one, 'none' uses none; otherwise a folder. */
  readonly warmStart?: string;
  /** Whether the steps of a program share an adapter in coordinate descent. By default they do, unless the start has one for each. */
  readonly adapters?: AdapterChoice;
  /** The shape of new adapters. Absent values come from the adapter to start from, or from `defaultLora`. */
  readonly lora?: Partial<LoraConfig>;
  /** When a shorter prompt is kept. Absent values come from the prompt file, or are the defaults. */
  readonly gate?: GateSettings;
  /** How many runs the workspace keeps, including this one. Older ones are removed when it begins. `keptRuns` if absent; 0 for all. */
  readonly keepRuns?: number;
  /** Writes new instructions. Nothing does if absent. */
  readonly writer?: WriterChoice;
  /** Tokens of the writer that the run may spend, a separate budget. `usualWriterBudget` if absent. */
  readonly writerBudget?: number;
  /** Rows may be sent to the writer. Not stored with a run: a resume must allow it again. */
  readonly writerConsent?: true;
  /** After the run: p -> p, w -> w and the best alone, each at the same compute, on the same test rows. */
  readonly controls?: true;
}

/** How many runs a workspace keeps by default. */
export const keptRuns = 20;

export const sessionDefaults: Omit<SessionSpec, 'prompt'> & { readonly weights: FormChoice } = {
  seed: 0,
  rows: {},
  executor: 'onnxruntime',
  weights: 'auto',
};
export const runDefaults: Omit<RunSpec, 'prompt'> = { ...sessionDefaults, budget: { seconds: 300 }, schedule: 'gated', tune: 'both' };

/**
 * `90s`, `5m`, `1.5h`, or `60k` and `2M` for tokens. `60k` is how older versions wrote tokens.
 * @throws TandemError reason 'bad-budget', also for a number without its unit
 */
export function parseBudget(text: string): Budget {
  const [, amount, unit] = /^(\d+(?:\.\d*)?|\.\d+)\s*(s|m|h|k|M|p)?$/.exec(text.trim()) ?? [];
  const value = Number(amount);
  if (!(value > 0))
    throw badBudget(`'${text}' is not a budget.`, 'Write a time such as 90s, 5m or 1.5h, or a number of tokens such as 60k or 2M.');
  if (unit === undefined) throw badBudget(`'${text}' is a budget without a unit.`, unitHint(amount));
  return isUnitOfTime(unit) ? { seconds: value * seconds[unit] } : { tokens: Math.round(value * tokens[unit]) };
}

const seconds = { s: 1, m: 60, h: 3600 };
const tokens: Readonly<Record<string, number>> = { k: 1e3, M: 1e6, p: 1 };

const isUnitOfTime = (unit: string): unit is keyof typeof seconds => Object.hasOwn(seconds, unit);

/** `50k`, `1.5m` or `20000` tokens of a writer. @throws TandemError reason 'bad-budget' */
export function parseWriterBudget(text: string): number {
  const [, amount, unit = ''] = /^(\d+(?:\.\d*)?|\.\d+)\s*(k|m)?$/i.exec(text.trim()) ?? [];
  const tokens = Math.round(Number(amount) * { '': 1, k: 1e3, m: 1e6 }[unit.toLowerCase()]!);
  if (Number.isSafeInteger(tokens) && tokens > 0) return tokens;
  throw badBudget(`'${text}' is not a budget for a writer.`, 'Write a number of tokens, such as 50k.');
}

/** A budget as a program passes it. @throws TandemError reason 'bad-budget' */
export function checkedBudget(budget: unknown): Budget {
  if (typeof budget === 'number') throw badBudget(`${budget} is a budget without a unit.`, 'Use { seconds } or { tokens }.');
  if (typeof budget === 'string') return parseBudget(budget);
  const given = typeof budget === 'object' && budget !== null ? (budget as Record<string, unknown>) : {};
  const [[unit, value], ...more] = [...Object.entries(given).filter(([, amount]) => amount !== undefined), ['', undefined]];
  const isOne = more.length === 1 && (unit === 'seconds' || unit === 'tokens');
  if (isOne && typeof value === 'number' && value > 0 && Number.isFinite(value)) return budget as Budget;
  throw badBudget(`${JSON.stringify(budget)} is not a budget.`, 'Use { seconds } or { tokens } with a number above zero.');
}

const badBudget = (message: string, hint: string): TandemError => new TandemError('bad-budget', message, { hint });
const unitHint = (amount: string): string =>
  `Write ${Number(amount) / 1000}k for ${amount} tokens, or ${amount}s, ${amount}m or ${amount}h for time.`;

/** `p` and `w` in order. Empty for a schedule that is not a chain. */
export function chainSteps(schedule: Schedule): string[] {
  return schedule.startsWith('chain:')
    ? schedule
        .slice('chain:'.length)
        .split('->')
        .map((step) => step.trim())
    : [];
}

/** @throws TandemError reason 'bad-schedule' */
export function parseSchedule(text: string): Schedule {
  if (text === 'gated' || text === 'classic') return text;
  const steps = /^chain:(.+)$/
    .exec(text)?.[1]
    .split('->')
    .map((step) => step.trim());
  if (steps?.every((step) => step === 'p' || step === 'w')) return `chain:${steps.join(' -> ')}`;
  const baseline = text.startsWith('baseline:') ? text.slice('baseline:'.length) : '';
  if (isBaseline(baseline)) return `baseline:${baseline}`;
  throw new TandemError('bad-schedule', `'${text}' is not a schedule.`, {
    hint: `Write gated, classic, a chain such as "chain:p -> w -> p", or a published method: ${baselineNames.map((name) => `baseline:${name}`).join(', ')}.`,
  });
}
