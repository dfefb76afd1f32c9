/**
 * @file The simultaneous coordinator as a whole, with a tiny model and a task that it can learn: the first word gives the kind of a thing.
 * @module-tag long
 */
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { calibrationRows } from '../evaluate/calibration.ts';
import { makeEvaluator } from '../evaluate/evaluator.ts';
import { withSoft } from '../model/adapter.ts';
import type { TrainableModel } from '../model/trainableModel.ts';
import { instructionOf } from '../prompt/instruction.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { softLine } from '../prompt/template.ts';
import { randomStream } from '../random.ts';
import { attributeStates } from './attribution.ts';
import type { OptimizationContext, OptimizationState } from './coordinator.ts';
import { counting } from './counting.fixture.ts';
import type { OptimizationEvent } from './events.ts';
import { memoryAdapters } from './jointOptimization.ts';
import { JointOptimizer, SimultaneousJointOptimizer } from './optimizerClasses.ts';
import { startText } from './jointPhase.ts';
import { kindContext, kindDriver, kindPrompt, kindSplits, kindTask, loadTinyModel, ofType, tinyLora } from './kinds.fixture.ts';
import { defaultObjective } from './objective.ts';
import { gradientEditDefaults, gradientEdits } from './proposers/gradientEdits.ts';
import { simultaneous, type SimultaneousMemory } from './simultaneous.ts';
import type { SimultaneousOptions } from './simultaneousOptions.ts';
import { loraTrainer } from './loraTrainer.ts';

// Takes seconds even on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let model: TrainableModel;
beforeAll(async () => {
  model = await loadTinyModel();
});

const { trainset, valset, testset } = kindSplits;
const [task, prompt, lora] = [kindTask, kindPrompt, tinyLora];
const small: Partial<SimultaneousOptions> = { steps: 30, settleSteps: 8, learningRate: 2e-2, batchRows: 8, projections: 4 };

/** The number of the first phase with a soft prompt. The one before it tries other label scoring. */
const jointly = 2;

const drive = kindDriver(
  () => model,
  (options?: Partial<SimultaneousOptions>) => simultaneous({ ...small, ...options }),
);

describe('the phases', () => {
  test('joint steps move both with their own rates, then texts are proposed, and the soft prompt is judged', async () => {
    const { state, events } = await drive();
    const targets = ofType(events, 'phaseStarted').map(({ target }) => target);
    // Label scoring comes first.
    expect(targets.slice(0, 3)).toEqual(['prompt', 'both', 'prompt']);
    const joint = ofType(events, 'weightStep').filter(({ phase }) => phase === jointly);
    // One batch in three uses the text.
    expect(joint.map(({ soft }) => soft !== undefined).slice(0, 6)).toEqual([true, true, false, true, true, false]);
    expect(joint[4].soft!.learningRate).not.toBe(joint[4].learningRate);
    expect(ofType(events, 'candidateProposed').some(({ proposer }) => proposer === 'soft prompt')).toBe(true);
    for (const { prompt: proposed } of ofType(events, 'candidateProposed')) expect(softLine(proposed.body)).toBeUndefined();
    expect(ofType(events, 'softPromptJudged').length).toBeGreaterThan(0);
    expect(state.best.score.mean).toBeGreaterThan(state.start.score.mean);
    expect(['the budget is spent', 'neither the prompt nor the weights improve any further']).toContain(state.done);
  });

  test('a joint phase on many rows sees them several times, within its share', async () => {
    const jointOf = async (epochs: number): Promise<number> => {
      const { events } = await drive({ options: { epochs, patience: Infinity }, budget: 80_000 });
      return ofType(events, 'weightStep').filter(({ phase }) => phase === jointly).length;
    };
    // 32 rows in batches of eight.
    expect(await jointOf(7)).toBe(30);
    expect(await jointOf(10)).toBe(40);
    const most = await jointOf(1000);
    expect(most > 40 && most < 200).toBe(true);
  });

  test('templates and edits compete with the projections, use the words that the soft prompt moved towards, and say so', async () => {
    const ofOthers = async (options: Partial<SimultaneousOptions>) => {
      const { events } = await drive({ options: { textShare: 0.4, ...options } });
      const first = ofType(events, 'candidateProposed').filter(({ phase }) => phase === jointly + 1);
      expect(new Set(first.map(({ candidate }) => candidate)).size).toBe(first.length);
      return first.filter(({ proposer }) => ['edits', 'grounded templates', 'confusions'].includes(proposer));
    };
    const hinted = await ofOthers({ hinted: 3, plain: 0 });
    expect(hinted.map(({ proposer }) => proposer)).toEqual(['grounded templates', 'edits', 'edits']);
    for (const { reason } of hinted) expect(reason).toContain('that the soft prompt moved towards');
    const both = await ofOthers({ hinted: 2, plain: 2 });
    expect(both.map(({ reason }) => reason.includes('the soft prompt'))).toEqual([true, true, false, false]);
    expect(await ofOthers({ hinted: 0, plain: 0 })).toEqual([]);
  });

  test('the best is a text with plain weights, or a {{soft}} line with weights that have a soft prompt', async () => {
    for (const seed of [1, 2, 3]) {
      const { state, events, adapters } = await drive({ seed });
      const adapter = state.best.adapter === undefined ? undefined : await adapters.get(state.best.adapter);
      expect(adapter?.soft !== undefined).toBe(softLine(state.best.prompt.body) !== undefined);
      const judged = ofType(events, 'softPromptJudged');
      for (const { text, kept, without } of judged) {
        expect(softLine(text.prompt.body)).toBeUndefined();
        if (kept) expect(without.score.mean).toBeLessThanOrEqual(0);
      }
    }
  });

  test('if only a text is allowed to stay, no soft prompt does; the author may also allow only one', async () => {
    const { state, events, adapters } = await drive({ options: { keep: false } });
    for (const { best } of ofType(events, 'phaseEnded')) expect(softLine(best.prompt.body)).toBeUndefined();
    expect(state.best.logLikelihood!.mean).toBeGreaterThan(state.start.logLikelihood!.mean);
    expect((await adapters.get(state.best.adapter!)).soft).toBeUndefined();
  });

  test('with the prompt alone no LoRA is trained', async () => {
    const { state, events, adapters } = await drive({ options: { targets: ['prompt'] } });
    expect(ofType(events, 'weightStep').every(({ learningRate }) => learningRate === 0)).toBe(true);
    const soft = ofType(events, 'gateDecided').find(({ phase }) => phase === jointly)!;
    expect(soft.objective!.weightPenalty).toBe(0);
    if (state.best.adapter !== undefined) expect((await adapters.get(state.best.adapter)).pairs).toEqual([]);
  });

  test('J of a soft prompt has its three terms: drift is charged like tokens', async () => {
    const { events, adapters, snapshots } = await drive();
    const { objective } = ofType(events, 'gateDecided').find(({ phase }) => phase === jointly)!;
    const after = JSON.parse(snapshots[jointly].json) as OptimizationState;
    const { soft } = after.memory as SimultaneousMemory;
    const adapter = await adapters.get(soft!.adapter!);
    expect(objective!.promptPenalty).toBeCloseTo(defaultObjective.prompt * (soft!.promptTokens + adapter.soft!.drift), 8);
    expect(objective!.weightPenalty).toBeGreaterThan(0);
    expect(objective!.total).toBeCloseTo(objective!.logLikelihood! - objective!.weightPenalty - objective!.promptPenalty, 8);
  });

  test('rates that make the training diverge are refused, and the start stays', async () => {
    const { state } = await drive({ options: { learningRate: 1e30, softRate: 1e30 } });
    expect(state.best).toEqual(state.start);
  });
});

test('texts are compared, and kept, with the label scoring that is best for the start', async () => {
  const events: OptimizationEvent[] = [];
  const plain = kindContext(model, { adapters: memoryAdapters(), trainset, valset, seed: 1, budget: 30_000 });
  const wrongUncalibrated: OptimizationContext = {
    ...plain,
    emit: (event) => events.push(event),
    evaluator: {
      ...plain.evaluator,
      async evaluate(candidate, asked) {
        const evaluation = await plain.evaluator.evaluate(candidate, asked);
        if (candidate.prompt.decoding?.calibration === 'domain') return evaluation;
        const rows = evaluation.rows.map((row) => ({ ...row, score: 0 }));
        return { ...evaluation, rows, score: { ...evaluation.score, mean: 0 } };
      },
    },
  };
  const coordinator = simultaneous(small);
  let state = await coordinator.begin(wrongUncalibrated);
  while (!state.done) {
    const memory = state.memory as SimultaneousMemory;
    // The text may get other label scoring with tuned weights. The comparison of texts, which runs without them, does not use it.
    const { decoding: _, ...text } = memory.text.prompt;
    const known = memory.stage === 'project' ? { ...memory, text: { ...memory.text, prompt: text } } : memory;
    state = await coordinator.advance(wrongUncalibrated, { ...state, memory: known });
  }
  const texts = ofType(events, 'candidateProposed').filter(({ phase }) => phase > jointly);
  expect(texts.length).toBeGreaterThan(0);
  for (const { prompt: text } of texts) expect(text.decoding?.calibration).toBe('domain');
  expect((state.memory as SimultaneousMemory).plain.prompt).toMatchObject({ body: prompt.body, decoding: { calibration: 'domain' } });
  expect(state.best.prompt.decoding?.calibration).toBe('domain');
});

test('without an instruction the soft prompt starts as the question', () => {
  const context = { trainer: loraTrainer(model, task, lora) };
  const bare = { body: 'Text: ${input:text}\nKind:\n', demonstrations: [] };
  expect(startText(context, bare)).toBe('Give the kind of the text.');
  expect(startText(context, prompt)).toBe('Say what it is. Choose one.');
});

describe('replay', () => {
  test.each<Partial<SimultaneousOptions>>([{}, { keep: false }, { start: 'vocabulary', tokens: 5 }, { targets: ['prompt'] }])(
    'from any snapshot, written and read as JSON, the rest is the same: %j',
    async (options) => {
      const budget = 12_000;
      const whole = await drive({ options, budget });
      expect(whole.snapshots.length).toBeGreaterThan(1);
      for (const { json, events } of whole.snapshots) {
        const rest = await drive({ options, budget, from: JSON.parse(json) as OptimizationState, adapters: whole.adapters });
        expect(rest.events).toEqual(whole.events.slice(events));
        expect(rest.state).toEqual(whole.state);
      }
    },
  );

  test.each(['weightStep', 'candidateMeasured', 'phaseStarted'] as const)(
    'a stop after a %s ends it with the best so far',
    async (type) => {
      const stop = new AbortController();
      const { state, events } = await drive({ signal: stop.signal, onEvent: (event) => event.type === type && stop.abort() });
      expect(events.at(-1)).toMatchObject({ type: 'phaseEnded', best: state.best });
    },
  );
});

test('the tokens are those of everything that was evaluated, trained, projected and differentiated', async () => {
  const { context: counted, tokensUsed } = counting(
    kindContext(model, { adapters: memoryAdapters(), trainset, valset, seed: 1, budget: 20_000 }),
  );
  const context: OptimizationContext = { ...counted, emit: () => {} };
  const coordinator = simultaneous(small);
  let state = await coordinator.begin(context);
  while (!state.done) state = await coordinator.advance(context, state);
  expect(state.tokensUsed).toBe(tokensUsed());
});

test('in the 2x2 a soft prompt is a part of the prompt: old weights with it are the base weights with it', async () => {
  const { adapters, snapshots } = await drive();
  const { soft } = (JSON.parse(snapshots[jointly].json) as OptimizationState).memory as SimultaneousMemory;
  const start = (JSON.parse(snapshots[0].json) as OptimizationState).start;
  const evaluator = makeEvaluator({ model, task, calibrationRows: calibrationRows(valset, trainset) });
  const { cells } = await attributeStates({ adapters, evaluator }, testset, start, soft!);
  const { pairs, soft: rowsOf } = await adapters.get(soft!.adapter!);
  expect(pairs.length).toBeGreaterThan(0);
  const alone = await evaluator.evaluate({ prompt: soft!.prompt, adapter: withSoft(undefined, rowsOf!) }, testset);
  expect(cells.find(({ weights, prompt: which }) => weights === 'old' && which === 'new')!.logLikelihood).toEqual(alone.logLikelihood);
});

test('new JointOptimizer({ coordinator }) returns the best state, with the score of its rows', async () => {
  const { metric, ...asked } = task;
  const optimizer = new JointOptimizer({ coordinator: new SimultaneousJointOptimizer(small) });
  const { adapter, prompts, state } = await optimizer.optimize({
    ...{ model, metric, task: asked, prompts: [prompt] as const, trainset, valset },
    budget: 20_000,
    seed: 1,
    lora,
  });
  const again = await makeEvaluator({ model, task, calibrationRows: calibrationRows(valset, trainset) }).evaluate(
    { prompt: prompts[0], adapter },
    valset,
  );
  expect(again.score.mean).toBe(state.best.score.mean);
});

describe('gradient edits', () => {
  const propose = async (fluencyBound: number) => {
    const { soft } = loraTrainer(model, task, lora);
    let tokensUsed = 0;
    const evaluator = makeEvaluator({ model, task, calibrationRows: calibrationRows(valset, trainset) });
    const edits = gradientEdits({ ...gradientEditDefaults, tuner: soft, fluencyBound, onTokens: (cost) => (tokensUsed += cost) });
    const proposals = await edits.propose({ prompt, evaluator, trainset, random: randomStream('edits'), count: 3 });
    return { proposals, tokensUsed, evaluator };
  };

  test('each replaces one more token, lowers the loss on the training rows, and says which token replaced which', async () => {
    const { proposals, tokensUsed, evaluator } = await propose(Infinity);
    expect(proposals.length).toBeGreaterThan(0);
    expect(tokensUsed).toBeGreaterThan(0);
    const likelihood = async (shown: Prompt): Promise<number> =>
      (await evaluator.evaluate({ prompt: shown }, trainset)).logLikelihood!.mean;
    expect(await likelihood(proposals[0].prompt)).toBeGreaterThan(await likelihood(prompt));
    for (const { prompt: edited, reason } of proposals) {
      expect(edited.body).toMatch(/\n\nText: \$\{input:text\}\nKind:\n$/);
      expect(reason).toMatch(/^".*" for ".*", suggested by the gradient$/);
    }
  });

  test('none is less fluent than the bound allows; a bound that nothing meets leaves no proposal', async () => {
    const { soft } = loraTrainer(model, task, lora);
    const { proposals } = await propose(0.2);
    const { fluency } = await soft.fluency([prompt, ...proposals.map((each) => each.prompt)].map(({ body }) => instructionOf(body)));
    for (const each of fluency.slice(1)) expect(each).toBeGreaterThan(fluency[0] - 0.2);
    expect((await propose(-50)).proposals).toEqual([]);
  });

  test('the gradient gives the direction: most of the first suggestions lower the loss of its rows', async () => {
    const { soft } = loraTrainer(model, task, lora);
    const evaluator = makeEvaluator({ model, task, calibrationRows: calibrationRows(valset, trainset) });
    const author = instructionOf(prompt.body);
    const { found } = await soft.substitutions(prompt, author, trainset, undefined, 10);
    const before = (await evaluator.evaluate({ prompt }, trainset)).logLikelihood!.mean;
    let better = 0;
    for (const { text } of found) {
      const edited = { ...prompt, body: prompt.body.replace(author, text) };
      if ((await evaluator.evaluate({ prompt: edited }, trainset)).logLikelihood!.mean > before) better++;
    }
    expect(found.map(({ expected }) => expected)).toEqual([...found.map(({ expected }) => expected)].sort((a, b) => b - a));
    expect(better).toBeGreaterThan(found.length / 2);
  });
});
