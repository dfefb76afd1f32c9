/** @file What the phases of a run tried, in words. */
import { describe, expect, test } from 'vitest';
import type { Difference } from '../../optimize/events.ts';
import { proposersOf } from '../../optimize/proposers/table.ts';
import { initialState, type CandidateState, type PhaseState, type RunState } from '../record/state.ts';
import { textStayedText, triedText } from './triedText.ts';

const difference = (mean: number, rows = 75): Difference => ({ mean, low: mean - 0.02, high: mean + 0.02, rows, probabilityBetter: 0.8 });
const prompt = { body: 'Say.', demonstrations: [] };
const proposed = (proposer: string, count: number, more: Partial<CandidateState> = {}): CandidateState[] =>
  Array.from({ length: count }, (_, i) => ({
    candidate: `2.${proposer} ${i + 1}`,
    proposal: { proposer, reason: '', prompt },
    measured: [],
    ...more,
  }));
const phase = (candidates: CandidateState[], accepted?: boolean, more: Partial<PhaseState> = {}): PhaseState => ({
  ...{ phase: 2, target: 'prompt', because: '', candidates, weightSteps: [], startedAt: 0, startTokens: 0 },
  ...(accepted !== undefined && { ended: { accepted, at: 1, tokensUsed: 1 } }),
  ...more,
});
const kept = (changes: object[]): Partial<CandidateState> => ({
  decision: { accepted: true, because: '', score: difference(0), logLikelihood: difference(0), changes } as never,
});
const steps = (count: number) => Array.from({ length: count }, () => ({})) as unknown as PhaseState['weightSteps'];

describe('a phase reports', () => {
  test.each([
    [
      'what it tried and what it kept, with the tokens',
      phase(
        [
          ...proposed('edits', 4),
          ...proposed('grounded templates', 2),
          ...proposed('shorten', 8),
          ...proposed(
            'shorten',
            1,
            kept([
              { part: 'instruction', hunks: [{}, {}], tokens: -80 },
              { part: 'demonstrations', tokens: -32 },
            ]),
          ),
        ],
        true,
      ),
      'tried 6 wordings and 9 deletions; 3 deletions kept, -112 tokens',
    ],
    ['that nothing was better', phase(proposed('edits', 4), false), 'tried 4 wordings: none was clearly better'],
    ['that the only one was not', phase(proposed('written', 1), false), 'tried 1 wording: it was not clearly better'],
    [
      'that no deletion was as good',
      phase([...proposed('demonstrations', 1), ...proposed('shorten', 2)], false),
      'tried 1 set of demonstrations and 2 deletions: none was clearly better or as good with fewer tokens',
    ],
    [
      'ways to read the answers apart',
      phase(proposed('label scoring', 3, kept([{ part: 'decoding' }])), true),
      'tried 3 ways of label scoring; 1 way of label scoring kept',
    ],
    [
      'a source that it does not know as prompts',
      phase(proposed('of a newer version', 2), false),
      'tried 2 prompts: none was clearly better',
    ],
    [
      'that only the weights of a look-ahead stayed',
      phase([...proposed('edits', 2), { candidate: '2.0', measured: [], ...kept([{ part: 'adapter' }]) }], true),
      'tried 2 wordings; none kept, only the weights that were trained with them',
    ],
    [
      'what weights have made unnecessary in the prompt',
      phase(
        [{ candidate: '2.0', measured: [], ...kept([{ part: 'instruction', hunks: [{}, {}, {}], tokens: -433 }, { part: 'adapter' }]) }],
        true,
        { target: 'weights', weightSteps: steps(19) },
      ),
      '19 training steps, kept; 3 parts of the prompt removed, -433 tokens',
    ],
    ['its training steps', phase([], true, { target: 'weights', weightSteps: steps(60) }), '60 training steps, kept'],
    [
      'prompt and weights',
      phase(proposed('soft prompt', 2), false, { target: 'both', weightSteps: steps(1) }),
      '1 training step, and 2 wordings, not kept',
    ],
    ['how far it is', phase(proposed('edits', 1)), 'tried 1 wording so far'],
    ['that it has tried nothing yet', phase([]), 'nothing tried yet'],
    ['that there was nothing', phase([], false), 'nothing to try'],
  ])('%s', (_, state, text) => {
    expect(triedText(state)).toBe(text);
  });
});

describe("if the prompt's text did not change", () => {
  const run = (phases: PhaseState[], more: Partial<RunState> = {}): RunState =>
    ({
      ...initialState,
      status: 'ended',
      because: 'the budget is spent',
      config: { target: 'both' },
      phases,
      start: { candidate: '0.0', prompt },
      best: { candidate: '1.0', prompt: { ...prompt, decoding: { normalize: 'sum' } } },
      ...more,
    }) as unknown as RunState;
  const measured = (mean: number, rows: number): Partial<CandidateState> => ({
    measured: [{ score: difference(mean, rows), logLikelihood: difference(0), kept: true }],
  });

  test('a run says what it tried, and which of the proposals measured on all rows came closest', () => {
    const phases = [
      phase(proposed('label scoring', 3, measured(0.5, 75)), true, { phase: 1 }),
      phase([...proposed('edits', 2, measured(0.3, 16)), ...proposed('shorten', 1, measured(0.013, 75))], false),
      phase(proposed('written', 1, measured(-0.1, 75)), false, { phase: 3 }),
    ];
    expect(textStayedText(run(phases))).toBe(
      'The prompt text did not change: the run tried 3 wordings and 1 deletion in 2 phases, and none was clearly better or as good with fewer tokens. 2.shorten 1 came closest: +1.3 points on 75 validation rows (may be chance), 95% interval [-0.7, +3.3], P(better) 80%.',
    );
  });

  test('a run that proposed no other text says why', () => {
    expect(textStayedText(run([phase([], true, { target: 'weights', weightSteps: steps(3) })]))).toBe(
      'The prompt text did not change: no other text was proposed before the run ended (the budget is spent).',
    );
  });

  test('nothing is said about a changed text, about weights alone, or while the run continues', () => {
    const phases = [phase(proposed('edits', 2), false)];
    const changed = { best: { candidate: '2.1', prompt: { ...prompt, demonstrations: [{ inputs: {}, output: 'a' }] } } };
    expect(textStayedText(run(phases, changed as never))).toBeUndefined();
    expect(textStayedText(run(phases, { config: { tune: 'weights' } as never }))).toBeUndefined();
    expect(textStayedText(run(phases, { status: 'running' }))).toBeUndefined();
  });
});

test.each(proposersOf(undefined, ['writer', 'gradients']).map(({ proposer }) => proposer.name))(
  'proposals of %s have a word of their own',
  (name) => {
    expect(triedText(phase(proposed(name, 1)))).not.toBe('tried 1 prompt so far');
  },
);
