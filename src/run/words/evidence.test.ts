/** @file What a reviewer learns about a change: its source, what was measured with it, and on which rows. */
import { describe, expect, test } from 'vitest';
import type { Difference } from '../../optimize/events.ts';
import { asProgram, type Prompt } from '../../prompt/prompt.ts';
import { parsePromptFile } from '../../prompt/readPrompt.ts';
import { applyPrompt } from '../../prompt/writePrompt.ts';
import { changesText } from './changesText.ts';
import { groundsOf } from './evidence.ts';
import type { Proposal } from '../review.ts';
import { itemName, namesOf } from './words.ts';
import { initialState, type CandidateState, type PhaseState, type RunState } from '../record/state.ts';

const file = '/w/a.prompt.md';
const before = 'one\ntwo\nthree\nfour\nfive\n';
const difference = (mean: number): Difference => ({ mean, low: mean - 0.1, high: mean + 0.1, rows: 40, probabilityBetter: 0.9 });
const adapter = { from: '/from', to: '/to', settings: { adapter: 'a' } };

const kept = (candidate: string, body?: string): CandidateState => ({
  candidate,
  ...(body !== undefined && { proposal: { proposer: 'edits', reason: `why ${candidate}`, prompt: { body, demonstrations: [] } } }),
  measured: [],
  decision: { accepted: true, because: '', score: difference(Number(candidate) / 10), logLikelihood: difference(0) },
});
const phase = (
  number: number,
  target: 'prompt' | 'weights',
  candidates: CandidateState[],
  steps: (string | undefined)[] = [],
): PhaseState => ({
  phase: number,
  target,
  because: '',
  candidates,
  weightSteps: steps.map((candidate, step) => ({ candidate, step, steps: 9, loss: 1, learningRate: 1, gradientNorm: 1 })),
  startedAt: 0,
  startTokens: 0,
});
const attribution = {
  cells: [],
  total: difference(0.5),
  promptAlone: difference(0.1),
  weightsAlone: difference(0.3),
  interaction: difference(0.1),
};
const run = (body: string, best: string, phases: PhaseState[], more: Partial<RunState> = {}): RunState =>
  ({
    ...initialState,
    phases,
    start: { candidate: '0.0', prompt: { body: before, demonstrations: [] } },
    best: { candidate: best, prompt: { body, demonstrations: [] } },
    ...more,
  }) as unknown as RunState;
const proposal = (prompt: string, weights = false): Proposal => ({
  file,
  before,
  prompt,
  after: prompt,
  ...(weights && { adapter }),
});
const shown = (of: Proposal, state: RunState): Record<string, { reason?: string; evidence: string[]; toldWith?: readonly string[] }> =>
  Object.fromEntries(
    [...groundsOf([of], state)].map(([id, { reason, evidence, toldWith }]) => [
      id,
      {
        ...(reason !== undefined && { reason }),
        ...(toldWith && { toldWith }),
        evidence: evidence.map(
          (each) =>
            `${each.of}${each.parts ? `: ${each.parts}` : ''} ${Number(each.difference.mean.toFixed(2))} ${each.split}${each.items ? ` of ${each.items.join()}` : ''}`,
        ),
      },
    ]),
  );

test('a change that was the only one of its step was measured alone', () => {
  const body = before.replace('two', '2');
  expect(shown(proposal(body), run(body, '1.2', [phase(1, 'prompt', [kept('1.2', body)])], { attribution }))).toEqual({
    1: { reason: 'why 1.2', evidence: ['this change alone 0.12 val', 'everything that the run proposes 0.5 test'] },
  });
});

test('changes that were measured together say so, and their number is shown once', () => {
  const body = before.replace('two', '2').replace('four', '4');
  const grounds = shown(proposal(body), run(body, '1.2', [phase(1, 'prompt', [kept('1.2', body)])]));
  expect(grounds[1]).toEqual({ reason: 'why 1.2', evidence: ['all of phase 1: 2 prompt changes 0.12 val of 1,2'] });
  expect(grounds[2]).toEqual({ reason: 'why 1.2', evidence: [], toldWith: ['1'] });
});

test('each change has the grounds of the step that introduced it, and a step that looked ahead also its training', () => {
  const [first, second] = [before.replace('two', '2'), before.replace('two', '2').replace('four', '4')];
  const phases = [
    phase(1, 'prompt', [kept('1.1', first)]),
    phase(2, 'weights', [kept('2.0')], [undefined, undefined, undefined]),
    phase(3, 'prompt', [{ candidate: '3.1', measured: [] }, kept('3.2', second)], [undefined, '3.1', '3.2', '3.2']),
  ];
  expect(shown(proposal(second, true), run(second, '3.2', phases, { attribution }))).toEqual({
    1: {
      reason: 'why 1.1',
      evidence: [
        'this change alone 0.11 val',
        'the new prompt, with the old weights 0.1 test of 1,2',
        'everything that the run proposes 0.5 test of 1,2,adapter',
      ],
    },
    2: {
      reason: 'why 3.2',
      evidence: ['all of phase 3: 1 prompt change and 2 training steps 0.32 val of 2,adapter'],
      toldWith: ['1'],
    },
    adapter: {
      reason: 'tuned by 5 training steps in phases 2 and 3',
      evidence: ['all of phase 2: 3 training steps 0.2 val', 'the new weights, with the old prompt 0.3 test'],
      toldWith: ['2', '1'],
    },
  });
});

test('a change that was made, undone and made again has the grounds of the last time', () => {
  const body = before.replace('two', '2');
  const phases = [kept('1.1', body), kept('2.1', before), kept('3.1', body)].map((each, i) => phase(i + 1, 'prompt', [each]));
  expect(shown(proposal(body), run(body, '3.1', phases))[1].reason).toBe('why 3.1');
});

describe('places that were measured one by one', () => {
  const hunk = (id: string, line: number, text: string, tokens: number, mean?: number) => ({
    ...{ id, line, before: text, after: '', tokens },
    ...(mean !== undefined && { own: difference(mean) }),
  });
  const deciding = (candidate: string, body: string, hunks: object[]): CandidateState => {
    const { decision, ...rest } = kept(candidate, body);
    return { ...rest, decision: { ...decision!, changes: [{ part: 'instruction', hunks }] } as never };
  };
  const lines = (body: string, state: RunState): (readonly string[])[] =>
    changesText([proposal(body)], state, (name) => name).map((each) => each.lines);

  test('each change has its own number, with the tokens that it saves', () => {
    const body = 'one\nthree\nfive\n';
    const decided = deciding('1.2', body, [hunk('1', 1, 'two\n', -38, 0), hunk('2', 3, 'four\n', -1, -0.01)]);
    expect(lines(body, run(body, '1.2', [phase(1, 'prompt', [decided])]))).toEqual([
      [
        '-38 tokens, 0.0 points on 40 validation rows (no difference seen) from this change alone; 95% interval [-10.0, +10.0], P(better) 90%',
      ],
      ['-1 token, -1.0 points on 40 validation rows (likely real) from this change alone; 95% interval [-11.0, +9.0], P(better) 90%'],
    ]);
  });

  test('lines that were removed one after the other are one change, with a number for each phase', () => {
    const [first, second] = ['one\ntwo\nfour\nfive\n', 'one\nfive\n'];
    const phases = [
      phase(1, 'prompt', [deciding('1.1', first, [hunk('1', 2, 'three\n', -3, 0)])]),
      phase(2, 'prompt', [deciding('2.1', second, [hunk('1', 1, 'two\nfour\n', -8, 0.02)])]),
    ];
    expect(lines(second, run(second, '2.1', phases))).toEqual([
      [
        '-3 tokens, 0.0 points on 40 validation rows (no difference seen) from the part of phase 1 alone; 95% interval [-10.0, +10.0], P(better) 90%',
        '-8 tokens, +2.0 points on 40 validation rows (likely real) from the part of phase 2 alone; 95% interval [-8.0, +12.0], P(better) 90%',
      ],
    ]);
  });

  test('a number of another place is not shown with a change, wherever lines moved to', () => {
    const [first, second] = ['new\none\ntwo\nthree\nfour\nfive\n', 'new\none\ntwo\nthree\nfour\n'];
    const added = { ...hunk('1', 0, '', 5, 0.03), after: 'new\n' };
    const phases = [
      phase(1, 'prompt', [deciding('1.1', first, [added])]),
      phase(2, 'prompt', [deciding('2.1', second, [hunk('1', 5, 'five\n', -2, 0.01)])]),
    ];
    expect(lines(second, run(second, '2.1', phases)).map((each) => each.map((line) => line.split(' on ')[0]))).toEqual([
      ['+5 tokens, +3.0 points'],
      ['-2 tokens, +1.0 points'],
    ]);
  });

  test('tokens are reported for each change if the number covers several', () => {
    const body = 'one\nthree\nfive\n';
    const decided = deciding('1.2', body, [hunk('1', 1, 'two\n', -38), hunk('2', 3, 'four\n', 4)]);
    const [first, second] = lines(body, run(body, '1.2', [phase(1, 'prompt', [decided])]));
    expect(first).toEqual(['-38 tokens in the prompt', expect.stringContaining('2 prompt changes') as string]);
    expect(second[0]).toBe('+4 tokens in the prompt');
  });

  test('changes that share one reason and have no number of their own are listed together', () => {
    const body = 'two\nfour\n';
    const hunks = [hunk('1', 0, 'one\n', -38), hunk('2', 2, 'three\n', -4), hunk('3', 4, 'five\n', -3)];
    const texts = changesText([proposal(body)], run(body, '1.2', [phase(1, 'prompt', [deciding('1.2', body, hunks)])]), (name) => name);
    expect(texts.map(({ name }) => name)).toEqual(['change 1, line 1', 'change 2 and change 3, lines 3 to 5']);
    expect(texts[0].lines.at(-1)).toMatch(/, changes 1 to 3 together; 95% interval /);
    expect(texts[1].lines).toEqual(['-7 tokens in the prompt', 'measured together with change 1; see the numbers there']);
  });

  test.each([
    [['1', '2', '3', '4', 'adapter'], 'changes 1 to 4, the weights'],
    [['1', '2', '4', '5', '6'], 'change 1, change 2, changes 4 to 6'],
    [['1.1', '1.2', '1.3', '2.4'], 'changes 1.1 to 1.3, change 2.4'],
    [['9', '10', '11'], 'changes 9 to 11'],
    [[], ''],
  ])('the names of %j are %s', (ids, names) => {
    expect(namesOf(ids, itemName).join(', ')).toBe(names);
    expect(namesOf(ids, (id) => `item ${id}`)).toEqual(ids.map((id) => `item ${id}`));
  });
});

test('the proposal as a whole is reported with the price of an answer before and after', () => {
  const body = before.replace('two\n', '');
  const price = {
    split: 'test',
    rows: 9,
    ...{ before: { promptTokens: 410, answerTokens: 2 }, after: { promptTokens: 94.2, answerTokens: 2 } },
  } as const;
  const state = run(body, '1.2', [phase(1, 'prompt', [kept('1.2', body)])], {
    attribution,
    price: { ...price, time: { rows: 9, before: 38.2, after: 4.11 } },
  });
  expect(changesText([proposal(body)], state, (name) => name)[0].lines.at(-1)).toMatch(
    /from everything that the run proposes; 95% interval .*; price per answer 412 → 96 tokens, 38 → 4\.1 ms$/,
  );
});

describe('if the prompt was not proposed in the step that introduced it', () => {
  test('the reason is that of its proposal', () => {
    const body = before.replace('two', '2');
    const proposed = { ...kept('1.4', body), decision: undefined };
    const phases = [phase(1, 'prompt', [proposed]), phase(2, 'weights', [kept('2.0')], [undefined])];
    expect(shown(proposal(body, true), run(body, '2.0', phases))[1]).toEqual({
      reason: 'why 1.4',
      evidence: ['all of phase 2: 1 prompt change and 1 training step 0.2 val of 1,adapter'],
    });
  });
});

test('steps after the best state contribute nothing', () => {
  const body = before.replace('two', '2');
  const phases = [phase(1, 'prompt', [kept('1.1', body)]), phase(2, 'prompt', [kept('2.1', before)])];
  expect(shown(proposal(body), run(body, '1.1', phases))[1].reason).toBe('why 1.1');
});

test('in a program each change has the grounds of the phase on its step, and the adapter has those of its training', () => {
  const yaml = 'data: rows.jsonl\nsteps: []\n';
  const [first, last] = [before.replace('two', '2'), before.replace('four', '4')];
  const asked = (own: string, then: string): Prompt => asProgram([own, then].map((body) => ({ body, demonstrations: [] })));
  const ofStep = (place: number, prompt: string): Proposal => ({
    ...proposal(prompt),
    file: `/w/${place}.prompt.md`,
    step: { place, output: 'x' },
  });
  const whole: Proposal = { file: '/w/x.program.yaml', before: yaml, prompt: yaml, after: `adapter: a\n${yaml}`, adapter };
  const keptWith = (candidate: string, prompt: Prompt): CandidateState => {
    const { proposal: known, ...rest } = kept(candidate, prompt.body);
    return { ...rest, proposal: { ...known!, prompt } };
  };
  const phases = [
    phase(1, 'prompt', [keptWith('1.1', asked(before, last))]),
    phase(2, 'weights', [kept('2.0')], [undefined, undefined]),
    phase(3, 'prompt', [keptWith('3.1', asked(first, last))]),
  ];
  const state = {
    ...run(last, '3.1', phases, { attribution }),
    start: { candidate: '0.0', prompt: asked(before, before) },
    best: { candidate: '3.1', prompt: asked(first, last) },
  } as unknown as RunState;
  const grounds = groundsOf([whole, ofStep(0, first), ofStep(1, last)], state);
  const of = (id: string): unknown[] => [grounds.get(id)?.reason, ...grounds.get(id)!.evidence.map((each) => each.of)];
  expect([...grounds.keys()]).toEqual(['adapter', '1.1', '2.1']);
  const both = ['the new prompt, with the old weights', 'everything that the run proposes'];
  expect(of('1.1')).toEqual(['why 3.1', 'this change alone', ...both]);
  expect(of('2.1')).toEqual(['why 1.1', 'this change alone']);
  expect(grounds.get('2.1')!.toldWith).toEqual(['1.1']);
  expect(of('adapter')).toEqual(['tuned by 2 training steps in phase 2', 'all of phase 2', 'the new weights, with the old prompt']);
});

describe('label scoring that was accepted with the weights, next to demonstrations of the same text', () => {
  const body = 'Say what it is.\n\n{{demos}}\nText: ${input:text}\nKind:\n';
  const text = `---\ntandem:\n  data: rows.jsonl\n  output: kind\n  labels: [animal, colour]\n---\n${body}`;
  const plain: Prompt = { body, demonstrations: [] };
  const read: Prompt = { ...plain, decoding: { normalize: 'sum' } };
  const demonstrations = [{ inputs: { text: 'red' }, output: 'colour' }];
  const why = 'label scores summed over tokens, calibration none';
  const score = difference(0.28);
  const decided = (more: object) => ({ accepted: true, because: '', score, logLikelihood: difference(0), ...more });
  const tuned = (more: object): PhaseState =>
    phase(
      1,
      'weights',
      [{ candidate: '1.0', measured: [], became: { prompt: read, adapter: 'a' }, decision: decided(more) }],
      [undefined, undefined],
    );
  const covering = (accepted: boolean, prompt: Prompt): PhaseState => ({
    ...phase(2, 'prompt', [
      {
        candidate: '2.3',
        measured: [],
        proposal: {
          proposer: 'labelled demonstrations',
          reason: '2 demonstrations that cover the answers',
          prompt,
          changes: [{ part: 'demonstrations' }],
        },
        decision: { ...decided({ changes: [{ part: 'demonstrations' }] }), accepted, score: difference(0.05) },
      },
    ]),
  });
  const stateOf = (best: Prompt, candidate: string, phases: PhaseState[]): RunState =>
    ({
      ...initialState,
      phases,
      start: { candidate: '0.0', prompt: plain },
      best: { candidate, prompt: best, adapter: 'a' },
    }) as unknown as RunState;
  const proposed = (prompt: Prompt): Proposal => ({ ...proposal(applyPrompt(parsePromptFile(file, text), prompt), true), before: text });
  const apart = {
    changes: [
      { part: 'decoding', reason: why, own: difference(0.04) },
      { part: 'adapter', own: difference(0.24) },
    ],
  };

  test('has the reason and the number of its own decision, and the weights have theirs', () => {
    const state = stateOf(read, '1.0', [tuned(apart), covering(false, { ...read, demonstrations })]);
    expect(shown(proposed(read), state)).toEqual({
      1: { reason: why, evidence: ['this change alone, with the new weights of phase 1 0.04 val'] },
      adapter: { reason: 'tuned by 2 training steps in phase 1', evidence: ['the new weights of phase 1 alone 0.24 val'] },
    });
  });

  test.each([
    [true, ', then trained again from the start for 9 steps on all 24 rows'],
    [false, ''],
  ])('a last training on all rows is reported if its weights were kept: %s', (kept, more) => {
    const state = { ...stateOf(read, '1.0', [tuned(apart)]), refit: { rows: 24, steps: 9, kept } };
    expect(groundsOf([proposed(read)], state).get('adapter')!.reason).toBe(`tuned by 2 training steps in phase 1${more}`);
  });

  test('if the two were not distinguished, their number is shown once, for both', () => {
    const state = stateOf(read, '1.0', [tuned({ changes: [{ part: 'decoding', reason: why }, { part: 'adapter' }] })]);
    expect(shown(proposed(read), state)).toEqual({
      1: { reason: why, evidence: ['all of phase 1: 1 prompt change and 2 training steps 0.28 val of 1,adapter'] },
      adapter: { reason: 'tuned by 2 training steps in phase 1', evidence: [], toldWith: ['1'] },
    });
    const [first, weights] = changesText([proposed(read)], state, (name) => name);
    expect(first).toMatchObject({ name: expect.stringMatching(/^change 1, line \d+$/) as string, reason: why });
    expect(first.lines).toEqual([expect.stringMatching(/ training steps\), change 1 and the weights together; 95% interval /) as string]);
    expect(weights.lines).toEqual(['measured together with change 1; see the numbers there']);
  });

  test('a journal without the changes of a decision gives it no reason of another change', () => {
    const { changes: _, ...old } = covering(false, { ...plain, demonstrations }).candidates[0].proposal!;
    const phases = [tuned({}), phase(2, 'prompt', [{ ...covering(false, plain).candidates[0], proposal: old }])];
    const grounds = shown(proposed(read), stateOf(read, '1.0', phases));
    expect(grounds[1]).toEqual({ evidence: ['all of phase 1: 1 prompt change and 2 training steps 0.28 val of 1,adapter'] });
  });

  test('demonstrations that are kept later have the grounds of their own decision', () => {
    const both: Prompt = { ...read, demonstrations };
    const grounds = shown(proposed(both), stateOf(both, '2.3', [tuned(apart), covering(true, both)]));
    const reasons = Object.entries(grounds).flatMap(([id, { reason }]) => (id === 'adapter' ? [] : [reason]));
    expect(reasons.join('; ')).toContain(why);
    expect(reasons.join('; ')).toContain('2 demonstrations that cover the answers');
    const numbers = Object.entries(grounds).flatMap(([id, { evidence }]) => (id === 'adapter' ? [] : evidence));
    expect(numbers.sort()).toEqual(['this change alone 0.05 val', 'this change alone, with the new weights of phase 1 0.04 val']);
  });
});
