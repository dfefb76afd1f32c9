/** @file Learns a warm start from prompt files with data, and from what the runs of their workspaces proposed. */
import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { TandemError } from '../errors.ts';
import { makeAdapter, type Adapter, type LoraConfig } from '../model/adapter.ts';
import type { SoftPrompt } from '../model/softPrompt.ts';
import { defaultLora, loraTrainer } from '../optimize/loraTrainer.ts';
import type { Trainer } from '../optimize/trainer.ts';
import { alternating } from '../optimize/alternating.ts';
import type { OptimizationEvent } from '../optimize/events.ts';
import { optimizeJointly } from '../optimize/jointOptimization.ts';
import { reptile, reptileDefaults, type MetaTask } from '../optimize/metaLearning.ts';
import { learnFrom, noPrior, type ProposalPrior } from '../optimize/proposalPrior.ts';
import { isPromptPath } from '../prompt/kinds/table.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { requireAnswers } from './answerNotices.ts';
import { count } from './words/format.ts';
import { readJournal } from './record/journal.ts';
import { keepOneModel, type ModelKeeper } from './worker/modelKeeper.ts';
import { openModel } from './worker/openModel.ts';
import { findRun, listRuns, portable, runsOf } from './record/runDirectory.ts';
import { openOptimizer } from './optimizer.ts';
import { measureRate } from './rate.ts';
import { openSession, type Session } from './session.ts';
import { runDefaults, type Budget, type SessionSpec } from './spec.ts';
import { ownWarmStart, saveWarmStart, type WarmStartRecord } from './warmStarts.ts';

export interface LearnSpec extends Omit<SessionSpec, 'prompt' | 'adapter'> {
  /** Absolute paths of prompt files, or of folders that contain prompt files at any depth. */
  readonly folders: readonly string[];
  readonly budget: Budget;
  readonly rank: number;
  /** Virtual tokens of the soft prompt that is learned with the adapter; 0 for none. */
  readonly softTokens: number;
  /** The share of the budget that trying prompts on each task may cost. */
  readonly promptShare: number;
  /** The folder to write to. By default `.tandem/warm-start/<model>` in the first task's workspace. */
  readonly out?: string;
}

export const learnDefaults: Pick<LearnSpec, 'budget' | 'rank' | 'softTokens' | 'promptShare'> = {
  budget: { seconds: 600 },
  rank: 4,
  softTokens: 16,
  promptShare: 0.3,
};

/** The text that initializes the soft prompt, repeated or cut. A learned one records no initial text, because none of its words remain. */
const softStartText = 'Read what is given and answer what is asked of it.';

export interface LearnHooks {
  readonly onBusy?: (what: string, share?: number) => void;
  readonly onNote?: (text: string) => void;
  readonly signal?: AbortSignal;
}

export interface LearnedStart {
  readonly folder: string;
  readonly record: WarmStartRecord;
  /** The mean loss at the first and the last step on a task, over the last rounds. */
  readonly losses: { readonly first: number; readonly last: number };
}

/** @throws TandemError reasons 'too-few-tasks', 'no-folder', and those of openSession for a model that cannot be loaded */
export async function learnStart(spec: LearnSpec, { onBusy, onNote, signal }: LearnHooks = {}): Promise<LearnedStart> {
  const models = keepOneModel(openModel);
  try {
    const sessions = await openTasks(spec, models, { onBusy, onNote, signal });
    const [{ model, modelSource, workspace }] = sessions;
    const lora: LoraConfig = { ...defaultLora, rank: spec.rank, alpha: (defaultLora.alpha / defaultLora.rank) * spec.rank };
    const tasks = sessions.map((session): MetaTask => {
      requireAnswers('A warm start', session);
      const name = portable(workspace, session.file.path);
      return { name, trainer: loraTrainer(model, session.evaluator.task, lora), prompts: [session.file.prompt], rows: session.trainset };
    });
    const budget = await tokensOf(spec, sessions[0]);
    let prior = priorOfRuns([...new Set(sessions.map((session) => session.workspace))], onNote);
    let tokensUsed = 0;
    for (const [place, session] of sessions.entries()) {
      if (signal?.aborted || spec.promptShare === 0) break;
      onBusy?.(`Trying prompts on ${tasks[place].name}`, place / sessions.length);
      const { evaluator, trainset, valset } = session;
      const asked = { model, evaluator, prompt: session.file.prompt, trainset, valset };
      const tried = await tryPrompts(asked, (spec.promptShare * budget) / sessions.length, spec.seed, signal);
      prior = learnFrom(prior, tried.events);
      tokensUsed += tried.tokensUsed;
    }
    const fresh = startOf(loraTrainer(model, sessions[0].evaluator.task, lora), spec);
    const rounds = Math.max(1, Math.floor((budget - tokensUsed) / roundTokens(tasks)));
    const recent: { first: number; last: number }[] = [];
    const learned = await reptile(
      { round: 0, adapter: fresh, tokensUsed },
      tasks,
      { ...reptileDefaults, rounds, seed: spec.seed },
      ({ round, tokensUsed: spent }, losses) => {
        recent.push(losses);
        onBusy?.(`Learning a warm start, round ${round} of ${rounds}, ${count(spent)} tokens`, round / rounds);
        model.forget();
      },
      signal,
    );
    const record: Omit<WarmStartRecord, 'version'> = {
      model: { name: model.name, fingerprint: model.fingerprint },
      tasks: tasks.map(({ name }) => name),
      rounds: learned.round,
      ...(spec.softTokens > 0 && { softTokens: spec.softTokens }),
      tokensUsed: learned.tokensUsed,
      prior,
    };
    const folder = spec.out ?? ownWarmStart(workspace, model.name);
    await saveWarmStart(folder, learned.adapter, record, { baseModel: modelSource, about: card(record, spec) });
    const last = recent.slice(-Math.max(1, Math.ceil(tasks.length / reptileDefaults.tasksARound)));
    const mean = (of: (losses: { first: number; last: number }) => number): number =>
      last.reduce((sum, each) => sum + of(each), 0) / Math.max(1, last.length);
    return { folder, record: { version: 2, ...record }, losses: { first: mean(({ first }) => first), last: mean((each) => each.last) } };
  } finally {
    await models.dispose();
  }
}

/** Prompt files under a folder, sorted. Hidden folders and node_modules are left out. @throws TandemError 'no-folder' */
export function promptFilesIn(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) throw new TandemError('no-folder', `The folder ${path} does not exist.`);
  if (stat.isFile()) return [resolve(path)];
  return readdirSync(path, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      if (entry.name.startsWith('.') || entry.name === 'node_modules') return [];
      if (entry.isDirectory()) return promptFilesIn(join(path, entry.name));
      return isPromptPath(entry.name) ? [resolve(path, entry.name)] : [];
    });
}

/** Sessions of all prompts that can be opened and run with the first one's model. Skipped prompts are reported. */
async function openTasks(spec: LearnSpec, models: ModelKeeper, { onBusy, onNote, signal }: LearnHooks): Promise<[Session, ...Session[]]> {
  const found = [...new Set(spec.folders.flatMap(promptFilesIn))];
  const sessions: Session[] = [];
  for (const prompt of found) {
    const chosen = spec.model ?? sessions[0]?.modelSource;
    try {
      const { seed, rows, executor, threads, weights } = spec;
      const asked = {
        prompt,
        seed,
        rows,
        executor,
        ...(threads !== undefined && { threads }),
        ...(weights && { weights }),
        ...(chosen !== undefined && { model: chosen }),
      };
      sessions.push(await openSession(asked, { forgetful: true, models, ...(onBusy && { onBusy }), ...(signal && { signal }) }));
    } catch (error) {
      if (!(error instanceof TandemError) || signal?.aborted) throw error;
      onNote?.(`Skipped ${prompt}: ${error.message}`);
    }
  }
  const [first, ...rest] = sessions;
  if (first && rest.length > 0) return [first, ...rest];
  throw new TandemError(
    'too-few-tasks',
    `Learning a warm start needs at least two tasks, but only ${sessions.length} of ${found.length} prompt files can be used.`,
    {
      hint: 'Name folders that contain prompt files with data.',
    },
  );
}

async function tokensOf({ budget }: LearnSpec, session: Session): Promise<number> {
  if ('tokens' in budget) return budget.tokens;
  const spec = { ...runDefaults, prompt: session.file.path };
  const { tokensPerSecond } = await measureRate(session, openOptimizer(session, spec), 'both');
  return Math.round(budget.seconds * tokensPerSecond);
}

/** Mean tokens per round. */
function roundTokens(tasks: readonly MetaTask[]): number {
  const { tasksARound, innerSteps, batchRows } = reptileDefaults;
  const tokens = tasks.map(({ trainer, prompts, rows }) => {
    const seen = rows.slice(0, 16).map((row) => trainer.example(prompts[0], row));
    return seen.reduce((sum, { prompt, answer }) => sum + prompt.length + answer.length, 0) / seen.length;
  });
  const mean = tokens.reduce((sum, each) => sum + each, 0) / tokens.length;
  return 3 * tasksARound * innerSteps * batchRows * mean;
}

/** What won in all the runs of these workspaces. @param onNote called for runs that cannot be read and are skipped */
export function priorOfRuns(workspaces: readonly string[], onNote: (text: string) => void = () => {}): ProposalPrior {
  let prior = noPrior;
  for (const path of workspaces.flatMap((workspace) => listRuns(workspace).map((run) => join(runsOf(workspace), run)))) {
    try {
      prior = learnFrom(prior, readJournal(findRun(path, path).journal) as readonly OptimizationEvent[]);
    } catch (error) {
      if (!(error instanceof TandemError)) throw error;
      onNote(`Skipped the run ${path}: ${error.message}`);
    }
  }
  return prior;
}

/** A short optimization of the prompt alone, to count which of its proposals win. */
export async function tryPrompts(
  {
    model,
    evaluator,
    prompt,
    trainset,
    valset,
  }: Pick<Session, 'model' | 'trainset' | 'valset'> & {
    readonly evaluator: Pick<Session['evaluator'], 'task'>;
    readonly prompt: Prompt;
  },
  budget: number,
  seed: number,
  signal?: AbortSignal,
): Promise<{ events: readonly OptimizationEvent[]; tokensUsed: number }> {
  const events: OptimizationEvent[] = [];
  const { metric, ...task } = evaluator.task;
  const coordinator = alternating({ targets: ['prompt'], strategy: 'plain' });
  const { state } = await optimizeJointly(
    {
      ...{ model, metric, task, trainset, valset, budget, seed },
      prompts: [prompt],
      ...(signal && { signal }),
      onEvent: (event) => events.push(event),
    },
    coordinator,
  );
  return { events, tokensUsed: state.tokensUsed };
}

function startOf(trainer: Trainer, asked: LearnSpec): Adapter {
  const { config, pairs } = trainer.fresh(asked.seed);
  return makeAdapter(config, pairs, softStartOf(trainer, asked));
}

/** The initial soft prompt to learn from. Undefined if none is learned. */
export function softStartOf(
  { soft }: Trainer,
  { seed, softTokens: tokens }: Pick<LearnSpec, 'seed' | 'softTokens'>,
): SoftPrompt | undefined {
  return tokens > 0 ? { ...soft.begin(softStartText, { start: 'text', tokens, seed }), text: '' } : undefined;
}

function card(
  { model, tasks, rounds, tokensUsed, prior, softTokens }: Omit<WarmStartRecord, 'version'>,
  { rank, seed }: LearnSpec,
): string {
  const tallies = Object.entries(prior.proposers).map(([name, { tried, won }]) => `- ${name}: ${won} of ${tried} proposals won`);
  return `# A warm start for ${model.name}

A LoRA adapter of rank ${rank}${softTokens === undefined ? '' : ` and a soft prompt of ${softTokens} virtual tokens`} (PEFT layout) from which a few steps on a new task achieve a lot, learned with Reptile (Nichol et al. 2018) over
${tasks.length} tasks in ${rounds} rounds, ${count(tokensUsed)} tokens, seed ${seed}. \`warm-start.json\` says how often each kind of proposal won.
It is not meant to be used without tuning. A run compares it with a fresh start, and uses it if that helps.

Tasks: ${tasks.slice(0, 40).join(', ')}${tasks.length > 40 ? ', …' : ''}
${tallies.length > 0 ? `\n${tallies.join('\n')}\n` : ''}`;
}
