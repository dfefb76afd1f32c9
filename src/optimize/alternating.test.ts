/**
 * @file Joint optimization as a whole, with a tiny model on a task that it can learn: the kind of a thing is in its first word.
 * @module-tag long
 */
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { calibrationRows } from '../evaluate/calibration.ts';
import { makeEvaluator } from '../evaluate/evaluator.ts';
import type { TrainableModel } from '../model/trainableModel.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { alternating } from './alternating.ts';
import type { AlternatingMemory, AlternatingOptions } from './alternatingPhase.ts';
import { attributeStates } from './attribution.ts';
import type { OptimizationContext, OptimizationState } from './coordinator.ts';
import { counting } from './counting.fixture.ts';
import type { OptimizationEvent } from './events.ts';
import { memoryAdapters } from './jointOptimization.ts';
import { AlternatingJointOptimizer, JointOptimizer } from './optimizerClasses.ts';
import {
  type EventOf,
  firstTuning,
  kindContext,
  kindDriver,
  kindPrompt,
  kindSplits,
  kindTask,
  kinds,
  loadTinyModel,
  manyKinds,
  ofType,
  tinyLora,
} from './kinds.fixture.ts';
import { evaluationWith } from './madeUp.fixture.ts';
import type { TargetStatistics } from './targetBandit.ts';
import { defaultObjective } from './objective.ts';
import { paraphrases } from './paraphrases.ts';
import { promptKey } from './proposers/proposer.ts';
import { localTrainer, type TrainingParts } from './localTrainer.ts';
import { loraTrainer } from './loraTrainer.ts';

// Seconds even on a busy machine.
vi.setConfig({ testTimeout: 30_000 });

let model: TrainableModel;
beforeAll(async () => {
  model = await loadTinyModel();
});

const { trainset, valset, testset } = kindSplits;
const [task, prompt, lora] = [kindTask, kindPrompt, tinyLora];
const small = { weightSteps: 20, lookAheadSteps: 6, learningRate: 5e-3, batchRows: 8, proposals: 4 } satisfies Partial<AlternatingOptions>;

const drive = kindDriver(
  () => model,
  (options?: Partial<AlternatingOptions>) => alternating({ ...small, ...options }),
);

const strategies = ['plain', 'mixture', 'look-ahead'] as const;
const reasons = ['the budget is spent', 'neither the prompt nor the weights improve any further', 'the chain is done'];

describe('with the gate', () => {
  test.each(strategies)(
    '%s: the answers of the best on the valset become likelier, and its score is never below the start',
    async (strategy) => {
      for (const seed of [1, 2]) {
        const { state, events } = await drive({ options: { strategy }, seed, budget: 50_000 });
        const best = ofType(events, 'phaseEnded').map((event) => event.best.score.mean);
        expect(Math.min(...best)).toBeGreaterThanOrEqual(state.start.score.mean);
        expect(state.best.logLikelihood!.mean).toBeGreaterThan(state.start.logLikelihood!.mean + 5);
        expect(reasons).toContain(state.done);
      }
    },
  );

  test('the phases say what was tried: proposals are measured, steps taken, the gate decides', async () => {
    const { state, events } = await drive();
    const phases = ofType(events, 'phaseStarted');
    const ofPhases = events.slice(0, events.findLastIndex(({ type }) => type === 'phaseEnded') + 1);
    expect(phases.map(({ phase }) => phase)).toEqual(phases.map((_, i) => i + 1));
    expect(new Set(phases.map(({ target }) => target))).toEqual(new Set(['prompt', 'weights']));
    for (const { phase, target } of phases) {
      const of = ofPhases.filter((event) => 'phase' in event && event.phase === phase).map(({ type }) => type);
      expect(of).toContain(target === 'weights' ? 'weightStep' : 'candidateProposed');
      // The budget may end in the midst of the last race.
      if (target === 'prompt' && phase < phases.length) expect(of).toContain('candidateMeasured');
      expect(of.at(-1)).toBe('phaseEnded');
    }
    const proposed = ofType(events, 'candidateProposed').map(({ candidate }) => candidate);
    expect(new Set(proposed).size).toBe(proposed.length);
    for (const { candidate } of ofType(events, 'candidateMeasured')) expect(proposed).toContain(candidate);
    // After the last phase there is only the training on all rows.
    const rest = events.slice(ofPhases.length);
    expect(rest.map(({ type }) => type)).toEqual([...rest.slice(1).map(() => 'weightStep'), 'weightsRefitted']);
    const [last] = ofType(rest, 'weightsRefitted');
    expect([last.best, last.tokensUsed]).toEqual([state.best, state.tokensUsed]);
  });

  test('the gate names the rows that turned, which add up to the difference of the scores', async () => {
    const { events } = await drive();
    for (const { score, changedPredictions, objective } of ofType(events, 'gateDecided')) {
      expect(changedPredictions!.fixes - changedPredictions!.regressions).toBeCloseTo(score.mean * score.rows);
      expect(changedPredictions!.examples).toHaveLength(changedPredictions!.fixes + changedPredictions!.regressions);
      for (const { inputs, gold, before, after, better } of changedPredictions!.examples) {
        expect(kinds[inputs.text.split(' ')[0] as keyof typeof kinds]).toBe(gold);
        expect(better ? after : before).toBe(gold);
      }
      expect(objective!.total).toBeCloseTo(objective!.logLikelihood! - objective!.weightPenalty - objective!.promptPenalty);
    }
  });

  test('steps of a look-ahead say whose they are', async () => {
    const { events } = await drive({ budget: 100_000 });
    const ahead = ofType(events, 'weightStep').filter(({ phase }) =>
      ofType(events, 'phaseStarted').some((started) => started.phase === phase && started.target === 'prompt'),
    );
    const proposed = ofType(events, 'candidateProposed').map(({ candidate }) => candidate);
    const owners = new Set(ahead.map(({ candidate }) => candidate));
    expect(owners).toContain(undefined);
    expect(owners.size).toBeGreaterThan(1);
    for (const owner of owners) if (owner !== undefined) expect(proposed).toContain(owner);
  });

  test('what a look-ahead gains without another prompt is not credited to the prompt, and the reason is given', async () => {
    let seen = 0;
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const { events, snapshots } = await drive({
        seed,
        options: { strategy: 'look-ahead', challengers: 1, proposals: 2 },
        budget: 80_000,
      });
      for (const [place, { json, events: before }] of snapshots.slice(0, -1).entries()) {
        const decided = ofType(events.slice(before, snapshots[place + 1].events), 'gateDecided').at(0);
        const statistics = (text: string): TargetStatistics =>
          ((JSON.parse(text) as OptimizationState).memory as AlternatingMemory).statistics;
        const [then, now] = [statistics(json).prompt, statistics(snapshots[place + 1].json).prompt];
        if (!decided?.accepted || now.phases === then.phases || !decided.candidate.endsWith('.0')) continue;
        seen++;
        expect(decided.because).toMatch(/^no proposal beat the current prompt/);
        expect([now.failures, now.gain]).toEqual([then.failures + 1, then.gain / 2]);
      }
    }
    expect(seen).toBeGreaterThan(0);
  });

  test.each([
    { budget: 70_000, contenders: 3 },
    { budget: 50_000, contenders: 2 },
    { budget: 40_000, contenders: 0 },
  ])('of a budget of $budget passes a look-ahead is worth $contenders contenders', async ({ budget, contenders }) => {
    const { events } = await drive({ options: { targets: ['prompt', 'weights'] }, budget });
    const [, { phase: second }] = ofType(events, 'phaseStarted');
    const first = ofType(events, 'weightStep').filter(({ phase }) => phase === second);
    expect(new Set(first.map(({ candidate }) => candidate)).size).toBe(contenders);
    expect(ofType(events, 'candidateProposed').length).toBeGreaterThan(0);
  });

  test('what the gate refuses leaves the best as it was', async () => {
    const { state, events } = await drive({ options: { targets: ['prompt'] }, budget: 100_000 });
    expect(state.done).toBe('neither the prompt nor the weights improve any further');
    let best = ofType(events, 'baselineMeasured')[0].state;
    const ended = ofType(events, 'phaseEnded');
    expect(ended.slice(-3).map(({ accepted }) => accepted)).toEqual([false, false, false]);
    for (const phase of ended) {
      if (!phase.accepted) expect(phase.best).toEqual(best);
      best = phase.best;
    }
  });

  test('a prompt that lost is not tried again before something else has changed', async () => {
    const { events } = await drive({ options: { targets: ['prompt'] }, budget: 100_000 });
    let tried = new Set<string>();
    for (const event of events) {
      if (event.type === 'gateDecided' && event.accepted) tried = new Set();
      if (event.type !== 'candidateProposed') continue;
      expect(tried).not.toContain(promptKey(event.prompt));
      tried.add(promptKey(event.prompt));
    }
    expect(tried.size).toBeGreaterThan(4);
  });

  test('only the targets that may change are tuned', async () => {
    const prompts = await drive({ options: { targets: ['prompt'], strategy: 'look-ahead' }, budget: 20_000 });
    expect(ofType(prompts.events, 'weightStep')).toEqual([]);
    expect(prompts.state.best.adapter).toBeUndefined();
    const weights = await drive({ options: { targets: ['weights'] }, budget: 20_000 });
    expect(ofType(weights.events, 'candidateProposed')).toEqual([]);
    expect(weights.state.best.prompt).toEqual(prompt);
  });

  test('a phase is as long as the budget lets it end, and leaves none that would be much shorter than usual', async () => {
    for (const budget of [8_000, 15_000, 25_000, 40_000]) {
      const { events } = await drive({ options: { targets: ['weights'], patience: Infinity }, budget });
      const lengths = ofType(events, 'phaseEnded').map(({ phase }) => {
        const steps = ofType(events, 'weightStep').filter((step) => step.phase === phase && !step.aside);
        const last = steps.at(-1)!;
        expect([last.step, last.tokensUsed < budget]).toEqual([last.steps, true]);
        return last.steps;
      });
      expect(lengths.length).toBeGreaterThan(0);
      for (const length of lengths.slice(0, -1)) expect(length).toBe(small.weightSteps);
      if (lengths.at(-1)! >= small.weightSteps) continue;
      // Cut short, it leaves less than another step costs.
      const [one, other] = ofType(events, 'weightStep');
      expect(budget - ofType(events, 'phaseEnded').at(-1)!.tokensUsed).toBeLessThan(1.5 * (other.tokensUsed - one.tokensUsed));
    }
  });

  test.each([12_000, 20_000])('of %i tokens the last training keeps none that the first turn of the prompt needs', async (budget) => {
    const { events } = await drive({ budget });
    const targets = ofType(events, 'phaseStarted').map(({ target }) => target);
    // First the labels are scored in other ways.
    expect(targets.slice(0, 3)).toEqual(['prompt', 'weights', 'prompt']);
    expect(ofType(events, 'candidateProposed').some(({ phase }) => phase === 3)).toBe(true);
  });

  test('a phase gives up where nothing gets better, unless it has all that is left of the budget', async () => {
    const lengthOfFirst = async (budget: number): Promise<number> => {
      const options = { targets: ['weights'], learningRate: 0, weightSteps: 40, patience: 1 } as const;
      const { events } = await drive({ options, budget });
      const { step, steps } = ofType(events, 'weightStep').findLast(({ phase }) => phase === 1)!;
      return step / steps;
    };
    expect(await lengthOfFirst(80_000)).toBe(2 / 5);
    expect(await lengthOfFirst(20_000)).toBe(1);
  });

  test('a phase on many rows is as long as they need, if the budget pays for it', async () => {
    const firstOf = async (budget: number): Promise<number> => {
      const options = { weightSteps: 4, weightEpochs: 12, strategy: 'plain', patience: Infinity } as const;
      const stop = new AbortController();
      const onEvent = (event: OptimizationEvent): void => {
        if (event.type === 'phaseEnded' && event.target === 'weights') stop.abort();
      };
      const { events } = await drive({ options, budget, signal: stop.signal, onEvent });
      const first = firstTuning(events);
      // Cut short or not, what has not been tuned yet begins at the full rate.
      expect(Math.max(...first.map(({ learningRate }) => learningRate))).toBe(small.learningRate);
      return first.length;
    };
    // Twelve times 32 rows in batches of eight.
    expect(await firstOf(170_000)).toBe(48);
    // The prompt must have its turn, and the weights after it: the first phase has less than half.
    const fewer = await firstOf(80_000);
    expect(fewer > 30 && fewer < 48).toBe(true);
  });

  test('what the budget leaves of a long phase is trained as its end is, with a low rate', async () => {
    const options = { weightSteps: 4, weightEpochs: 1.2, strategy: 'plain', targets: ['weights'], patience: Infinity } as const;
    const { events } = await drive({ options, budget: 30_000, rows: manyKinds });
    const ended = ofType(events, 'phaseEnded').filter(({ target }) => target === 'weights');
    expect(ended[0].accepted).toBe(true);
    const rateOf = (phase: number): number => {
      const steps = ofType(events, 'weightStep').filter((step) => step.phase === phase);
      return Math.max(...steps.map(({ learningRate }) => learningRate));
    };
    const [first, last] = [ended[0], ended.at(-1)!].map(({ phase }) => rateOf(phase));
    expect(first).toBe(small.learningRate);
    expect(last).toBeLessThan(0.9 * first);
    expect(last).toBeGreaterThanOrEqual(0.1 * first);
  });

  test('weights that run away are refused, and the run goes on', async () => {
    const { state } = await drive({ options: { learningRate: 1e30, targets: ['weights'] } });
    expect(state).toMatchObject({ best: state.start, done: 'neither the prompt nor the weights improve any further' });
  });
});

describe('without a gate', () => {
  test('a chain does its phases in order and ends', async () => {
    const { state, events } = await drive({
      options: { schedule: { kind: 'chain', targets: ['prompt', 'weights', 'prompt'] }, strategy: 'plain' },
    });
    expect(ofType(events, 'phaseStarted').map(({ target }) => target)).toEqual(['prompt', 'weights', 'prompt']);
    expect(state.done).toBe('the chain is done');
    expect(ofType(events, 'gateDecided').every(({ accepted }) => accepted)).toBe(true);
    expect(state.best.candidate).toBe(ofType(events, 'gateDecided').at(-1)!.candidate);
  });

  test('classic: so many parameter steps, so many prompt steps, and the best of all is kept', async () => {
    const schedule = { kind: 'classic', parameterSteps: 3, promptSteps: 1 } as const;
    const { state, events } = await drive({ options: { schedule, strategy: 'plain' } });
    const targets = ofType(events, 'phaseStarted').map(({ target }) => target);
    expect(targets.length).toBeGreaterThan(8);
    expect(targets).toEqual(targets.map((_, i) => (i % 4 === 3 ? 'prompt' : 'weights')));
    for (const [i, target] of targets.entries()) {
      expect(ofType(events, 'weightStep').filter(({ phase }) => phase === i + 1)).toHaveLength(target === 'weights' ? 1 : 0);
    }
    const scores = ofType(events, 'phaseEnded').map(({ best }) => best.score.mean);
    expect(scores).toEqual([...scores].sort((a, b) => a - b));
    expect(state.done).toBe('the budget is spent');
  });
});

describe('replay', () => {
  test('the same seed gives the same events; another seed others', async () => {
    const [first, again, other] = [await drive(), await drive(), await drive({ seed: 3 })];
    expect(again.events).toEqual(first.events);
    expect(again.state).toEqual(first.state);
    expect(other.events).not.toEqual(first.events);
  });

  const variants: Partial<AlternatingOptions>[] = [
    ...strategies.map((strategy) => ({ strategy })),
    { schedule: { kind: 'classic', parameterSteps: 2, promptSteps: 1 }, strategy: 'plain' },
    { schedule: { kind: 'chain', targets: ['weights', 'prompt'] }, strategy: 'plain' },
    { curriculum: 'both', pacing: 'self-paced' },
    { curriculum: 'both', pacing: 'linear' },
  ];
  test.each(variants)('from any snapshot, written as JSON and read again, the rest is the same: %j', async (options) => {
    const budget = 12_000;
    const whole = await drive({ options, budget });
    expect(whole.snapshots.length).toBeGreaterThan(1);
    for (const { json, events } of whole.snapshots) {
      const rest = await drive({ options, budget, from: JSON.parse(json) as OptimizationState, adapters: whole.adapters });
      expect(rest.events).toEqual(whole.events.slice(events));
      expect(rest.state).toEqual(whole.state);
    }
  });
});

describe('a curriculum', () => {
  test('of data looks at the rows before a phase, and says whether they go to the prompt or to the weights', async () => {
    const { events, state } = await drive({ options: { curriculum: 'data' } });
    const looks = ofType(events, 'difficultyMeasured');
    expect(looks.length).toBeGreaterThan(1);
    for (const { roles, rows: seen, known } of looks) {
      expect(roles.weights + roles.prompt + roles.guard).toBe(trainset.length);
      expect(seen).toBeLessThanOrEqual(known);
    }
    // The model learns the task, and the rows become easier to it.
    expect(looks.at(-1)!.success).toBeGreaterThan(looks[0].success);
    expect(state.best.logLikelihood!.mean).toBeGreaterThan(state.start.logLikelihood!.mean + 5);
    // All that was looked at is paid for.
    const [{ tokensUsed }] = ofType(events, 'baselineMeasured');
    expect(looks[0].tokensUsed).toBeGreaterThan(tokensUsed);
  });

  test('of freedom lets no proposal and no weight move that is not in play yet', async () => {
    const { events, adapters } = await drive({ options: { curriculum: 'freedom', pacing: 'linear', strategy: 'plain' } });
    const grown = ofType(events, 'freedomGrown');
    expect(grown.map(({ stage }) => stage)).toEqual([1, 2, 3].slice(0, grown.length));
    expect(grown.length).toBeGreaterThan(1);
    // What grows is told where a phase comes of it.
    const begun = ofType(events, 'phaseStarted').map(({ phase }) => phase);
    for (const { phase } of grown) expect(begun).toContain(phase);
    const firstOf = (stage: number): number => grown[stage - 1]?.phase ?? Infinity;
    const author = (candidate: Prompt): boolean => candidate.demonstrations.length === 0;
    const early = ofType(events, 'candidateProposed').filter(({ phase }) => phase < firstOf(3));
    expect(early.length).toBeGreaterThan(0);
    for (const proposed of early) expect(author(proposed.prompt)).toBe(true);
    const trained = ofType(events, 'phaseEnded').find(({ phase, best }) => phase < firstOf(2) && best.adapter !== undefined);
    const { pairs, config } = await adapters.get(trained!.best.adapter!);
    const moved = pairs.filter(({ b }) => b.some((value) => value !== 0));
    expect(new Set(moved.map(({ layer }) => layer))).toEqual(new Set([Math.max(...pairs.map(({ layer }) => layer))]));
    for (const { b } of moved) b.forEach((value, i) => i % config.rank > 0 && expect(value).toBe(0));
  });

  test('has short phases until everything is in play, however many rows there are', async () => {
    const options = {
      curriculum: 'freedom',
      pacing: 'linear',
      targets: ['weights'],
      weightSteps: 4,
      weightEpochs: 1.2,
      patience: Infinity,
    } as const;
    const { events } = await drive({ options, budget: 60_000, rows: manyKinds });
    const last = ofType(events, 'freedomGrown').find(({ stage, stages }) => stage === stages)!.phase;
    for (const { phase, steps } of ofType(events, 'weightStep')) if (phase < last) expect(steps).toBe(4);
    expect(ofType(events, 'weightStep').some(({ steps }) => steps === 24)).toBe(true);
  });

  test('does not end before everything was in play', async () => {
    // No phase helps at this rate, and the budget alone would take much longer.
    const options = { curriculum: 'freedom', pacing: 'linear', targets: ['weights'], learningRate: 1e-9, weightSteps: 4 } as const;
    const { events, state } = await drive({ options, budget: 400_000 });
    expect(state.done).toBe('neither the prompt nor the weights improve any further');
    expect(ofType(events, 'freedomGrown').map(({ stage }) => stage)).toEqual([1, 2, 3]);
    expect(ofType(events, 'freedomGrown').at(-1)!.because).toContain('neither the prompt nor the weights improve');
  });
});

describe('a stop', () => {
  test.each(['weightStep', 'candidateMeasured', 'candidateProposed', 'phaseStarted'] as const)(
    'after a %s ends it with the best so far',
    async (type) => {
      const stop = new AbortController();
      const { state, events } = await drive({
        options: { strategy: 'look-ahead' },
        signal: stop.signal,
        onEvent: (event) => event.type === type && stop.abort(),
      });
      expect(events.at(-1)).toMatchObject({ type: 'phaseEnded', best: state.best });
      // A step or two may be under way.
      expect(ofType(events, 'weightStep').length).toBeLessThanOrEqual(type === 'weightStep' ? 1 : 0);
    },
  );

  test('before the start gives the start', async () => {
    const { state } = await drive({ signal: AbortSignal.abort() });
    expect(state).toMatchObject({ phase: 0, best: state.start });
  });
});

test('the mixture trains under the author’s prompt, the best one and one that did well beside it; plain under other wordings of the best', async () => {
  // Which demonstrations are shown changes from step to step, how many does not.
  const nameOf = ({ body, demonstrations }: Prompt): string => `${body} (${demonstrations.length})`;
  const trainedUnder = async (strategy: 'plain' | 'mixture'): Promise<{ names: Set<string>; best: string; wordings: string[] }> => {
    const names = new Set<string>();
    const trainer = loraTrainer(model, task, lora);
    // What a step would cost is asked of other prompts too.
    let isTraining = false;
    const example: typeof trainer.example = (...asked) => {
      if (isTraining) names.add(nameOf(asked[0]));
      return trainer.example(...asked);
    };
    const sequence: typeof trainer.sequence = (...asked) => {
      if (isTraining) names.add(nameOf(asked[0]));
      return trainer.sequence(...asked);
    };
    const local = localTrainer({ ...trainer, example, sequence });
    const train: typeof local.train = (...asked) => {
      isTraining = true;
      return local.train(...asked).finally(() => void (isTraining = false));
    };
    const evaluator = makeEvaluator({ model, task, calibrationRows: calibrationRows(valset, trainset) });
    const context = {
      model,
      evaluator,
      trainer: { ...local, train },
      adapters: memoryAdapters(),
      prompt,
      trainset,
      valset,
    };
    const whole: OptimizationContext = { ...context, objective: defaultObjective, seed: 1, budget: 1e6, emit: () => {} };
    const coordinator = alternating({ ...small, proposals: 8, strategy, targets: ['prompt', 'weights'] });
    const read = await coordinator.advance(whole, await coordinator.begin(whole));
    const proposed = await coordinator.advance(whole, read);
    await coordinator.advance(whole, proposed);
    const wordings = await paraphrases(whole, proposed.best.prompt);
    return { names, best: nameOf(proposed.best.prompt), wordings: wordings.map(nameOf) };
  };
  const plain = await trainedUnder('plain');
  expect(plain.names).toEqual(new Set([plain.best, ...plain.wordings]));
  expect(plain.wordings).toHaveLength(4);
  const mixture = await trainedUnder('mixture');
  expect([...mixture.names]).toEqual(expect.arrayContaining([nameOf(prompt), mixture.best]));
  expect(mixture.names.size).toBe(3);
});

describe('cost', () => {
  test.each([
    ...strategies.map((strategy) => ({ strategy, rows: { trainset: manyKinds.trainset, valset }, budget: 20_000, more: [] })),
    { strategy: 'plain' as const, rows: { trainset, valset }, budget: 40_000, more: ['on all rows'] },
    ...[5, 8, 9].map((count) => ({
      strategy: 'plain' as const,
      rows: { trainset: trainset.slice(0, 12), valset: valset.slice(0, count) },
      budget: 40_000,
      more: count < 6 ? ['exchanged', 'on all rows'] : ['on all rows'],
    })),
  ])(
    '$strategy, $rows.trainset.length and $rows.valset.length rows: the passes are those of everything that was evaluated and trained',
    async ({ strategy, rows, budget, more }) => {
      const told: number[] = [];
      const again = new Set<string>();
      const { context: counted, tokensUsed } = counting(kindContext(model, { adapters: memoryAdapters(), ...rows, seed: 1, budget }));
      const context: OptimizationContext = {
        ...counted,
        emit(event) {
          if ('tokensUsed' in event) told.push(event.tokensUsed);
          if (event.type === 'weightsRefitted') again.add('on all rows');
          if (event.type === 'gateDecided' && event.because.includes('had not learned from it')) again.add('exchanged');
        },
      };
      const coordinator = alternating({ ...small, strategy, proposals: 10, promptShare: 1 });
      let state = await coordinator.begin(context);
      while (!state.done) state = await coordinator.advance(context, state);
      expect(state.tokensUsed).toBe(tokensUsed());
      // What the events tell only grows, up to the same sum.
      expect(told).toEqual([...told].sort((a, b) => a - b));
      expect(told.at(-1)).toBe(state.tokensUsed);
      expect([...again].sort()).toEqual(more);
    },
  );
});

describe('JointOptimizer', () => {
  const optimize = (budget: number) =>
    new JointOptimizer({ coordinator: new AlternatingJointOptimizer(small) }).optimize({
      model,
      metric: task.metric,
      task,
      prompts: [prompt],
      // The validation rows do not teach in the end: the numbers are those of the weights that are returned.
      trainset: manyKinds.trainset,
      valset,
      budget,
      seed: 1,
      lora,
    });

  test('returns the prompt and the adapter of the best state', async () => {
    const { prompts, adapter, state } = await optimize(100_000);
    expect([prompts[0], adapter?.id]).toEqual([state.best.prompt, state.best.adapter]);
    const again = await makeEvaluator({ model, task, calibrationRows: calibrationRows(valset, manyKinds.trainset) }).evaluate(
      { prompt: prompts[0], adapter },
      valset,
    );
    expect(again.score).toEqual(state.best.score);
    expect(again.score.mean).toBeGreaterThan(state.start.score.mean);
  });

  test('without a budget returns what it was given', async () => {
    const { prompts, adapter, state } = await optimize(0);
    expect([prompts[0], adapter, state.done]).toEqual([prompt, undefined, 'the budget is spent']);
  });
});

describe('attribution', () => {
  test('what prompt and weights bring alone, and their interaction, add up to the whole', async () => {
    const { state, adapters } = await drive({ budget: 100_000, rows: manyKinds });
    const evaluator = makeEvaluator({ model, task, calibrationRows: calibrationRows(valset, manyKinds.trainset) });
    const { cells, total, promptAlone, weightsAlone, interaction } = await attributeStates(
      { adapters, evaluator },
      testset,
      state.start,
      state.best,
    );
    expect(state.best.prompt).not.toEqual(prompt);
    expect(state.best.adapter).toBeDefined();
    expect(total.mean).toBeCloseTo(promptAlone.mean + weightsAlone.mean + interaction.mean, 12);
    expect(cells.map(({ weights, prompt: text }) => `${weights} ${text}`)).toEqual(['old old', 'old new', 'new old', 'new new']);
    const [neither, text, weights, both] = cells.map(({ score }) => score.mean);
    expect(promptAlone.mean).toBeCloseTo(text - neither, 12);
    expect(weightsAlone.mean).toBeCloseTo(weights - neither, 12);
    expect(total.mean).toBeCloseTo(both - neither, 12);
  });
});

test('likelier answers do not take the score below the start, not even by a row', async () => {
  const swapped = Array.from({ length: 40 }, (_, i) => Number(i >= 13 && i < 32));
  const start = Array.from({ length: 40 }, (_, i) => Number(i < 20));
  const after = { id: 'tuned', config: { ...lora, targets: [...lora.targets] }, pairs: [] };
  const context = {
    evaluator: {
      task,
      evaluate: async ({ adapter }: { adapter?: unknown }) =>
        adapter
          ? evaluationWith(
              swapped,
              swapped.map(() => -0.5),
            )
          : evaluationWith(start),
    },
    trainer: localTrainer({
      outputOf: () => 'kind',
      fresh: () => after,
      example: () => ({ prompt: [1], answer: [2] }),
      sequence: () => ({ prompt: [1], answer: [2] }),
      start: () => ({ step: async () => ({ tokens: 1 }), adapter: () => after }),
    } as unknown as TrainingParts),
    adapters: memoryAdapters(),
    prompt,
    trainset,
    valset,
    objective: defaultObjective,
    seed: 1,
    budget: 1e6,
    emit: (event: OptimizationEvent) => event.type === 'gateDecided' && decisions.push(event),
  } as unknown as OptimizationContext;
  const decisions: EventOf<'gateDecided'>[] = [];
  const coordinator = alternating({ targets: ['weights'], strategy: 'plain' });
  const state = await coordinator.advance(context, await coordinator.begin(context));
  expect(state.best).toBe(state.start);
  expect(decisions[0]).toMatchObject({
    accepted: false,
    because: expect.stringContaining('the score would fall below the start') as string,
  });
});
