/** @file What a user asks of one run; `runDefaults` has everything but the prompt. */
import { TandemError } from '../errors.ts';
import type { LoraConfig } from '../model/adapter.ts';
import type { AdapterChoice } from '../model/stepAdapters.ts';
import type { SoftStart } from '../model/softPrompt.ts';
import { baselineNames, isBaseline, type BaselineName } from '../optimize/baselines/names.ts';
import type { Curriculum, Pacing } from '../optimize/curriculum.ts';
import type { GateSettings } from '../prompt/settings.ts';

/** Seconds of wall clock, everything from the command to the end of the final test, or, for comparisons at equal compute, tokens. */
export type Budget = { readonly seconds: number } | { readonly tokens: number };

/** `gated` and `classic`, a published chain of steps such as `chain:p -> w -> p`, or a published method such as `baseline:mipro`. */
export type Schedule = 'gated' | 'classic' | `chain:${string}` | `baseline:${BaselineName}`;

export const strategies = ['plain', 'mixture', 'look-ahead'] as const;
/** How a prompt step escapes lock-in. */
export type Strategy = (typeof strategies)[number];

/** The way of optimizing jointly: prompt and weights by turns, one block at a time, or a soft prompt and the weights in one backward pass. */
export const coordinators = ['alternating', 'coordinate', 'simultaneous'] as const;
export type CoordinatorName = (typeof coordinators)[number];

/** What is asked of a soft prompt; the coordinator's own default where absent. */
export interface SoftPromptChoice {
  /** Virtual tokens. */
  readonly tokens?: number;
  readonly start?: SoftStart;
  /** May it stay as a part of the adapter where no text holds its score? */
  readonly keep?: boolean;
}

export const tuneChoices = ['both', 'prompt', 'weights'] as const;
export type TuneChoice = (typeof tuneChoices)[number];

export const executors = ['onnxruntime', 'tensorflow'] as const;
export type ExecutorName = (typeof executors)[number];

/** How many rows of each split to use at most; all of them where absent. */
export interface RowLimits {
  readonly train?: number;
  readonly val?: number;
  readonly test?: number;
}

/** The rows that a prompt is measured on; 'test' opens the sealed split. */
export type Split = 'val' | 'test';

/** What people call the splits: `validation rows`. */
export const splitWords = { train: 'training', val: 'validation', test: 'test' } as const;

/** Which prompt, on which model: enough to evaluate. */
export interface SessionSpec {
  /** Absolute path of the prompt file. */
  readonly prompt: string;
  /** Overrides the front matter's. */
  readonly model?: string;
  /** A PEFT directory to start from; overrides the front matter's. */
  readonly adapter?: string;
  readonly seed: number;
  readonly rows: RowLimits;
  readonly executor: ExecutorName;
  readonly threads?: number;
  /** Nobody vouches for the workspace: no model but the embedded one is loaded, and no adapter that the prompt file names. */
  readonly untrusted?: true;
  /** Metrics of the prompt file that are JavaScript modules may run. Not kept with a run: whoever resumes it says so again. */
  readonly allowModules?: true;
  /** The day that chat templates are told where the prompt file names none, YYYY-MM-DD; `defaultChatDate` where absent. A run keeps its own. */
  readonly chatDate?: string;
  /** Bad rows of the data are left out, with a notice; else the first of them is an error. */
  readonly skipBadRows?: true;
}

/** What writes new instructions. */
export type WriterChoice =
  /** A server that speaks as OpenAI's does. */
  | { readonly kind: 'endpoint'; readonly url: string; readonly model: string }
  /** A language model of the editor, by its id. */
  | { readonly kind: 'editor'; readonly model: string }
  /** A file of recorded answers. */
  | { readonly kind: 'recorded'; readonly file: string };

export interface RunSpec extends SessionSpec {
  readonly budget: Budget;
  /** Milliseconds of a budget of time that were used before the run began, e.g. for preflight. */
  readonly used?: number;
  /** Absent: 'alternating', as in records of versions that knew no other; of a program of several steps 'coordinate'. */
  readonly coordinator?: CoordinatorName;
  readonly soft?: SoftPromptChoice;
  /** Of the coordinator that alternates, like the strategy. */
  readonly schedule: Schedule;
  /** The coordinator's own default where absent. */
  readonly strategy?: Strategy;
  readonly tune: TuneChoice;
  /** What grows in the course of the run; nothing where absent. */
  readonly curriculum?: Curriculum;
  /** How fast; the coordinator's own default where absent. */
  readonly pacing?: Pacing;
  /** A learned start: 'auto' (where absent) takes the workspace's or the model's own if there is one, 'none' none; else a folder. */
  readonly warmStart?: string;
  /** Of coordinate descent on a program: whether its steps share an adapter; they do where absent, unless the start has one for each. */
  readonly adapters?: AdapterChoice;
  /** What new adapters are like; in the rest like the adapter to start from, or `defaultLora`. */
  readonly lora?: Partial<LoraConfig>;
  /** When a shorter prompt is taken; what is absent stands in the prompt file, or is the default. */
  readonly gate?: GateSettings;
  /** How many runs the workspace keeps, this one among them: older ones are removed as it begins. `keptRuns` where absent; 0 for all. */
  readonly keepRuns?: number;
  /** Writes new instructions; nothing does where absent. */
  readonly writer?: WriterChoice;
  /** Tokens of the writer that the run may spend: a budget of its own. `usualWriterBudget` where absent. */
  readonly writerBudget?: number;
  /** Rows may be sent to the writer. Not kept with a run: whoever resumes it says so again. */
  readonly writerConsent?: true;
  /** After the run: p -> p, w -> w and the best alone, each at as much compute, on the same test rows. */
  readonly controls?: true;
}

/** How many runs a workspace keeps where nobody says otherwise. */
export const keptRuns = 20;

export const sessionDefaults: Omit<SessionSpec, 'prompt'> = { seed: 0, rows: {}, executor: 'onnxruntime' };
export const runDefaults: Omit<RunSpec, 'prompt'> = { ...sessionDefaults, budget: { seconds: 300 }, schedule: 'gated', tune: 'both' };

/**
 * `90s`, `5m`, `1.5h`, or `60k` and `2M` for tokens. `60k` is how older versions wrote tokens.
 * @throws TandemError reason 'bad-budget', of a number without its unit too
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

/** A budget as a program gave it. @throws TandemError reason 'bad-budget' */
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

/** `p` and `w` in order; none of a schedule that is no chain. */
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
