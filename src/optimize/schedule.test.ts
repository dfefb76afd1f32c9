/**
 * @file The schedule of the alternation with a made-up trainer: how the budget is divided, weights that learn what the prompt said, results that are
 * likely better and are continued, parts of the prompt that are removed before wordings are compared, and a run that is continued from any phase.
 */
import { describe, expect, test, vi } from 'vitest';
import type { Row } from '../data/dataset.ts';
import type { Task } from '../evaluate/evaluation.ts';
import type { Evaluator } from '../evaluate/evaluator.ts';
import type { Adapter } from '../model/adapter.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { alternating } from './alternating.ts';
import { alternatingDefaults, type AlternatingMemory, type AlternatingOptions } from './alternatingPhase.ts';
import type { OptimizationContext, OptimizationState } from './coordinator.ts';
import type { OptimizationEvent } from './events.ts';
import { memoryAdapters } from './jointOptimization.ts';
import { ofType } from './kinds.fixture.ts';
import { evaluationWith, intentTask, messages } from './madeUp.fixture.ts';
import { defaultObjective } from './objective.ts';
import { allowance } from './purse.ts';
import { attempts } from './weightPhase.ts';
import type { Trainer, TrainingJob } from './trainer.ts';
import { line, rowsOf } from './worthOfLines.fixture.ts';

// Takes seconds even on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const question = 'Message: ${input:message}\nIntent:\n';
// Enough rows that the splits are not exchanged.
const training = Array.from({ length: 11 }, () => messages).flat();
const names = ['Alpha', 'Bravo', 'Charlie', 'Delta', 'Echo'];
const promptOf = (lines: readonly string[]): Prompt => ({ body: `${lines.join('\n\n')}\n\n${question}`, demonstrations: [] });
const long = promptOf(names.map((name) => line(name, 40)));
const brief = promptOf(['Say what it is about.']);
const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');
const tokensOf = ({ body, demonstrations }: Prompt): number =>
  words(body).length + demonstrations.reduce((sum, { inputs, output }) => sum + words(`${JSON.stringify(inputs)} ${output}`).length, 0);
const isQuestion = ({ body }: Prompt): boolean => body === question;

/** `right` of forty rows are right, starting from the first; all answers are more likely by `nats`. */
interface Answers {
  readonly right: number;
  readonly nats?: number;
}

/** @param weights the prompts under which they were trained, 's' for the question alone and 'l' for more; '' for none */
type Behaviour = (prompt: Prompt, weights: string) => Answers;

interface Setup {
  readonly behaviour: Behaviour;
  readonly prompt?: Prompt;
  readonly options?: Partial<AlternatingOptions>;
  readonly budget?: number;
  readonly phases?: number;
  readonly labels?: boolean;
}

interface Trained {
  readonly job: TrainingJob;
  readonly allowed: number;
}

/** Everything except the memory of a run. It is made again for each phase, as after a kill. */
function contextOf(setup: Setup, adapters: OptimizationContext['adapters'], events: OptimizationEvent[], trained: Trained[]) {
  const { behaviour, prompt = long, budget = 60_000, labels = false } = setup;
  const valset = rowsOf(40);
  const { labels: known, ...free } = intentTask;
  const task: Task = labels ? { ...free, labels: known } : free;
  const weightsOf = (adapter: Adapter | undefined): string => adapter?.id.replace('fresh', '') ?? '';
  const evaluator = {
    task,
    model: { texts: { count: (text: string) => words(text).length } },
    predict: () => Promise.reject(new Error('not needed')),
    evaluate: ({ prompt: shown, adapter }: { prompt: Prompt; adapter?: Adapter }, rows: readonly Row[]) => {
      const { right, nats = 0 } = behaviour(shown, weightsOf(adapter));
      const scores = rows.map((row) => Number(row.line <= right));
      const likelihoods = rows.map((row) => -1 - (row.line % 7) / 20 + nats);
      const evaluation = evaluationWith(scores, likelihoods, tokensOf(shown));
      const results = evaluation.rows.map((result, i) => ({ ...result, row: rows[i].id, gold: 'card' }));
      return Promise.resolve({ ...evaluation, rows: results, tokensUsed: tokensOf(shown) + 8 * rows.length });
    },
  } as unknown as Evaluator;
  const adapterOf = (id: string): Adapter => ({ id, pairs: [], config: { rank: 1, alpha: 1, dropout: 0, targets: [] } });
  const trainer: Trainer = {
    outputColumn: 'intent',
    fresh: () => adapterOf('fresh'),
    // All rows share the prompt.
    stepCost: ({ prompt: shown }, batchRows) => 3 * (tokensOf(shown) + 8 * batchRows),
    async train(job, hooks) {
      trained.push({ job, allowed: allowance(hooks.budget) });
      const [lesson] = job.lessons;
      const adapter = adapterOf(`${job.from}${isQuestion(lesson.prompt) ? 's' : 'l'}`);
      const evaluation = await hooks.measure(adapter);
      const tokensUsed = job.steps * trainer.stepCost(lesson, job.batchRows) + evaluation.tokensUsed;
      hooks.onStep?.({ steps: job.steps, step: job.steps, loss: 1, learningRate: job.learningRate, gradientNorm: 1, tokensUsed });
      return { adapter, evaluation, tokensUsed, measurements: 1, steps: job.steps };
    },
    soft: undefined as never,
  };
  const context: OptimizationContext = {
    ...{ evaluator, trainer, adapters, prompt, trainset: training, valset, objective: defaultObjective, seed: 1, budget },
    emit: (event) => events.push(event),
  };
  return context;
}

interface Run {
  readonly state: OptimizationState;
  readonly events: OptimizationEvent[];
  readonly trained: Trained[];
  readonly snapshots: { readonly json: string; readonly events: number }[];
  readonly adapters: OptimizationContext['adapters'];
}

async function run(setup: Setup, from?: OptimizationState, adapters = memoryAdapters()): Promise<Run> {
  const { options, phases = Infinity } = setup;
  const [events, trained, snapshots]: [OptimizationEvent[], Trained[], Run['snapshots']] = [[], [], []];
  const make = () => alternating({ strategy: 'plain', ...options });
  const context = () => contextOf(setup, adapters, events, trained);
  let state = from ?? (await make().begin(context()));
  while (!state.done && state.phase < phases) {
    snapshots.push({ json: JSON.stringify(state), events: events.length });
    state = await make().advance(context(), state);
  }
  return { state, events, trained, snapshots, adapters };
}

const targetsOf = (events: readonly OptimizationEvent[]): string[] => ofType(events, 'phaseStarted').map(({ target }) => target);
const promptOfJob = ({ job }: Trained): Prompt => job.lessons[0].prompt;

describe('the budget is divided', () => {
  test('so that label scoring, weights, prompt and weights all get their turn, even if each spends its limit', async () => {
    // No phase gains anything, and a weight phase is never too short to use its share.
    const { events } = await run({ behaviour: () => ({ right: 20 }), labels: true, options: { weightSteps: 1000 } });
    expect(targetsOf(events).slice(0, 4)).toEqual(['prompt', 'weights', 'prompt', 'weights']);
    const [first, second] = ofType(events, 'phaseEnded').filter(({ target }) => target === 'weights');
    expect(second.tokensUsed).toBeGreaterThan(1.3 * first.tokensUsed);
    for (const { tokensUsed } of ofType(events, 'phaseEnded')) expect(tokensUsed).toBeLessThanOrEqual(60_000);
  });

  test('a phase gets less than half of the remaining budget until both targets had their turn, and later all but the reserve', async () => {
    const setup: Setup = {
      behaviour: (prompt) => ({ right: 20, nats: isQuestion(prompt) ? -1 : 0 }),
      prompt: brief,
      options: { weightSteps: 1000 },
    };
    const { events, trained } = await run(setup);
    const started = ofType(events, 'phaseStarted').map(({ phase, target }) => ({
      target,
      spent: phase === 1 ? ofType(events, 'baselineMeasured')[0].tokensUsed : ofType(events, 'phaseEnded')[phase - 2].tokensUsed,
    }));
    const [early, late] = started.filter(({ target }) => target === 'weights').map(({ spent }) => 60_000 - spent);
    const [of, then] = trained.map(({ allowed }) => allowed);
    // Eight hundredths of the whole budget are reserved, and the cost of one measurement.
    const kept = 0.08 * 60_000;
    const measuring = ofType(events, 'baselineMeasured')[0].tokensUsed;
    expect(of).toBeCloseTo(0.42 * (early - kept) - measuring, 6);
    expect(then).toBeCloseTo(late - kept - measuring, 6);
  });

  test('a single target gets the whole budget at once', async () => {
    const { trained } = await run({ behaviour: () => ({ right: 20 }), options: { targets: ['weights'], weightSteps: 1000 }, phases: 1 });
    const measuring = tokensOf(long) + 8 * 40;
    expect(trained[0].allowed).toBeCloseTo(60_000 - 2 * measuring, 6);
  });
});

describe('weights learn what the prompt said', () => {
  const learned: Behaviour = (_, weights) => ({ right: weights === '' ? 20 : 36 });

  test('the first weight phase trains without the instruction, and its result goes to the gate as one state', async () => {
    const { state, events, trained } = await run({ behaviour: learned, phases: 1 });
    expect(promptOfJob(trained[0])).toEqual({ body: question, demonstrations: [] });
    expect(state.best.prompt.body).toBe(question);
    expect(state.best.adapter).toBe('freshs');
    const [decided] = ofType(events, 'gateDecided');
    expect(decided).toMatchObject({ accepted: true, changes: [{ part: 'instruction', tokens: -200 }, { part: 'adapter' }] });
    expect(decided.because).toMatch(/^the weights learn what 200 prompt tokens said: \+40\.0 points/);
  });

  test('with an equal score it is accepted as the cheaper state, and refused if likelihood is lost', async () => {
    const level = (nats: number) =>
      run({ behaviour: (_, weights) => ({ right: 20, nats: weights === '' ? 0 : nats }), phases: 1 }).then(
        ({ state }) => state.best.prompt,
      );
    expect((await level(0)).body).toBe(question);
    expect(await level(-0.5)).toEqual(long);
  });

  test('if that failed, the weights learn under the whole prompt, first at the full rate and then at a lower one', async () => {
    const { trained } = await run({
      behaviour: (prompt, weights) => ({ right: weights === '' && names.every((name) => prompt.body.includes(name)) ? 20 : 10 }),
      budget: 3e5,
    });
    expect(trained.map((each) => (isQuestion(promptOfJob(each)) ? 'short' : 'long'))).toEqual(['short', 'long', 'long']);
    const rate = alternatingDefaults.learningRate;
    expect(trained.map(({ job }) => job.learningRate)).toEqual([rate, rate, attempts[1].rate * rate]);
  });

  test.each([
    [48, true],
    [47, false],
  ])('an instruction of %d tokens: %s', async (tokens, absorbs) => {
    const { trained } = await run({ behaviour: learned, prompt: promptOf([line('Alpha', tokens)]), phases: 1 });
    expect(isQuestion(promptOfJob(trained[0]))).toBe(absorbs);
  });

  test.each<[string, Partial<AlternatingOptions>]>([
    ['the text may not change', { targets: ['weights'] }],
    ['no gate judges what comes of it', { schedule: { kind: 'chain', targets: ['weights', 'prompt'] } }],
    ['a curriculum says what may move', { curriculum: 'freedom', pacing: 'linear' }],
  ])('not if %s', async (_, options) => {
    const { trained } = await run({ behaviour: learned, options, phases: 1 });
    expect(promptOfJob(trained[0])).toEqual(long);
  });
});

describe('weights that are likely but not certainly better', () => {
  /** By how many rows the weights are ahead after each phase that continued from the one before. */
  const ahead =
    (...rows: readonly number[]): Behaviour =>
    (prompt, weights) => ({ right: 20 + (rows[weights.length - 1] ?? 0), nats: isQuestion(prompt) ? -2 : 0 });

  test('are not the best yet, and the next phase continues from them', async () => {
    const { state, events, trained, adapters } = await run({ behaviour: ahead(3, 16), prompt: brief, phases: 2 });
    const [first, second] = ofType(events, 'phaseEnded');
    expect([first.accepted, first.best.candidate]).toEqual([false, '0.0']);
    expect(targetsOf(events)).toEqual(['weights', 'weights']);
    expect(ofType(events, 'phaseStarted')[1].because).toContain('not yet clearly, so training continues');
    expect(trained.map(({ job }) => job.from)).toEqual(['fresh', 'freshl']);
    expect(trained[1].job.learningRate).toBe(trained[0].job.learningRate);
    // Compared with the start, not with what was likely better.
    expect(second).toMatchObject({ accepted: true, best: { adapter: 'freshll' } });
    expect(ofType(events, 'gateDecided')[1].score.mean).toBeCloseTo(16 / 40, 10);
    expect((await adapters.get('freshl')).id).toBe('freshl');
    expect((state.memory as AlternatingMemory).promising).toBeUndefined();
  });

  test.each([
    [1, 'prompt'],
    [2, 'weights'],
  ])('ahead by %d of forty rows: next comes %s', async (rows, next) => {
    const { events } = await run({ behaviour: ahead(rows), prompt: brief, phases: 2 });
    expect(targetsOf(events)).toEqual(['weights', next]);
  });

  test('are given up after another phase without improvement, and the other target gets its turn', async () => {
    const { state, events, trained } = await run({ behaviour: ahead(3, 3), prompt: brief, phases: 3 });
    expect(targetsOf(events)).toEqual(['weights', 'weights', 'prompt']);
    expect(state.best.candidate).toBe(state.start.candidate);
    expect((state.memory as AlternatingMemory).promising).toBeUndefined();
    expect(trained).toHaveLength(2);
  });

  test('are continued while they improve', async () => {
    const { trained, events } = await run({ behaviour: ahead(2, 3, 4), prompt: brief, budget: 3e5, phases: 4 });
    expect(trained.map(({ job }) => job.from)).toEqual(['fresh', 'freshl', 'freshll', 'freshlll']);
    expect(ofType(events, 'phaseEnded').map(({ accepted }) => accepted)).not.toContain(true);
  });

  test('are continued under the prompt that they learn to do without', async () => {
    const behaviour: Behaviour = (prompt, weights) =>
      weights === ''
        ? { right: isQuestion(prompt) ? 5 : 20 }
        : { right: 20 + (weights.length === 1 ? 2 : 14), nats: weights.length === 1 ? -2 : 0 };
    const { state, events, trained } = await run({ behaviour, phases: 2 });
    expect(trained.map((each) => isQuestion(promptOfJob(each)))).toEqual([true, true]);
    expect(trained[1].job.from).toBe('freshs');
    const [first, second] = ofType(events, 'gateDecided');
    expect([first.accepted, second.accepted]).toEqual([false, true]);
    expect(second.because).toMatch(/^the weights learn what 200 prompt tokens said/);
    expect(state.best).toMatchObject({ adapter: 'freshss', prompt: { body: question } });
  });
});

describe('a prompt phase first looks for unnecessary parts', () => {
  /** The weights gain nothing. One paragraph of the prompt is needed. */
  const needy: Behaviour = ({ body }, weights) => ({
    right: weights === '' && body.includes('Charlie') ? 24 : 8,
    nats: body.includes('Charlie') ? 0 : -1,
  });

  test('and if it finds some, no wordings are compared', async () => {
    const { state, events } = await run({ behaviour: needy, budget: 2e5, phases: 2 });
    expect(targetsOf(events)).toEqual(['weights', 'prompt']);
    const proposers = new Set(ofType(events, 'candidateProposed').map(({ proposer }) => proposer));
    expect([...proposers]).toEqual(['shorten']);
    expect(names.filter((name) => state.best.prompt.body.includes(name))).toEqual(['Charlie']);
    const decided = ofType(events, 'gateDecided').at(-1)!;
    expect(decided).toMatchObject({
      accepted: true,
      because: expect.stringMatching(/^160 fewer prompt tokens, .*: the tokens are worth 0\.8 points/) as string,
    });
    expect(state.best.candidate).toBe(decided.candidate);
  });

  test("otherwise wordings are compared, with the rest of the phase's share", async () => {
    const all: Behaviour = (prompt, weights) => ({
      right: weights === '' && prompt.body.startsWith(long.body.slice(0, 60)) ? 24 : 8,
      nats: names.every((name) => prompt.body.includes(name)) ? 0 : -1,
    });
    const { events } = await run({ behaviour: all, budget: 2e5, phases: 2 });
    const proposers = ofType(events, 'candidateProposed').map(({ proposer }) => proposer);
    expect(proposers[0]).toBe('shorten');
    expect(new Set(proposers).size).toBeGreaterThan(1);
    const ids = ofType(events, 'candidateProposed').map(({ candidate }) => candidate);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('each place of the best prompt is measured at the end, within the budget', async () => {
    const budget = 1e5;
    const { state, events } = await run({ behaviour: needy, budget });
    const [places] = ofType(events, 'placesMeasured');
    expect(events.at(-1)).toBe(places);
    const hunks = places.changes.flatMap((change) => change.hunks ?? []);
    expect(hunks.map(({ before, tokens }) => [before.split(' ')[0], tokens])).toEqual(
      names.filter((name) => name !== 'Charlie').map((name) => [name, -40]),
    );
    for (const { own } of hunks) expect(own).toMatchObject({ mean: 0 });
    expect(state.tokensUsed).toBe(places.tokensUsed);
    expect(state.tokensUsed).toBeLessThanOrEqual(budget);
  });
});

describe('killed after any phase', () => {
  const kinds: [string, Setup][] = [
    [
      'that absorbs, goes on and accepts',
      {
        behaviour: (prompt, weights) =>
          weights === '' ? { right: isQuestion(prompt) ? 5 : 20 } : { right: 20 + 2 * weights.length, nats: weights.length < 3 ? -2 : 0.2 },
      },
    ],
    [
      'that shortens, at the price of one row',
      {
        behaviour: ({ body }, weights) => ({
          right: weights === '' && body.includes('Charlie') ? 23 + Number(names.every((name) => body.includes(name))) : 8,
          nats: body.includes('Charlie') ? 0 : -1,
        }),
        budget: 1e5,
      },
    ],
    ['that brings nothing', { behaviour: () => ({ right: 20 }), prompt: brief, labels: true }],
  ];
  test.each(kinds)('a run %s ends as one that was not killed', { tags: 'long' }, async (_, setup) => {
    const whole = await run(setup);
    expect(whole.snapshots.length).toBeGreaterThan(3);
    for (const { json, events } of whole.snapshots) {
      const rest = await run(setup, JSON.parse(json) as OptimizationState, whole.adapters);
      expect(rest.events).toEqual(whole.events.slice(events));
      expect(rest.state).toEqual(whole.state);
    }
  });

  test('snapshots contain everything they must: what is likely better, what was absorbed, the highest score', async () => {
    const found = new Set<string>();
    for (const [, setup] of kinds) {
      const { snapshots, events } = await run(setup);
      for (const { json } of snapshots) for (const key of Object.keys((JSON.parse(json) as { memory: object }).memory)) found.add(key);
      if (ofType(events, 'gateDecided').some(({ because }) => because.startsWith('the weights learn'))) found.add('absorbed');
    }
    expect([...found]).toEqual(expect.arrayContaining(['promising', 'absorbed', 'peak']));
  });
});
