/** @file The text of the page for a real run's journal. */
import { expect, test } from 'vitest';
import type { FromPage, ToPage } from '../src/extension/panelMessages.ts';
import type { JournalLine } from '../src/run/record/events.ts';
import { apply } from '../src/run/record/fold.ts';
import type { RunState } from '../src/run/record/state.ts';
import { textOf, type VNode } from './dom.ts';
import { hear, type Known } from './follow.ts';
import { journal, linesUntil, midway, run, snapshotAfter, stateAfter, summaries } from './journal.fixture.ts';
import { page } from './page.ts';
import type { Ui } from './views/parts.ts';

const folded: Ui = { isOpen: (_, byDefault = false) => byDefault, setOpen: () => {}, act: () => {}, isAsked: () => false };
const unfolded: Ui = { ...folded, isOpen: () => true };

const said = (message: ToPage, ui = folded): string => {
  const known = hear(hear({}, { type: 'runs', runs: summaries, queue: [] }, 0), message, 0);
  return page(known, ui, 0).map(textOf).join('\n');
};
/** The page's text, a line for each part that is not made of other parts. */
const linesOf = (node: VNode): string[] => {
  if (typeof node === 'string') return [node];
  if ('render' in node) return linesOf(node.render());
  const isLeaf = node.children.every((child) => typeof child === 'string' || ('tag' in child && inline.test(child.tag)));
  return isLeaf ? [textOf(node)] : node.children.flatMap(linesOf);
};
const inline = /^(span|strong|em|code|ins|del|b|i|a|small)$/;
const opened = (lines: number, rest = {}): ToPage => ({ type: 'opened', run, snapshot: snapshotAfter(lines, rest) });

test('all that the page says of an ended run, with everything unfolded', async () => {
  const known = hear(hear({}, { type: 'runs', runs: summaries, queue: [] }, 0), opened(journal.length), 0);
  const lines = page(known, unfolded, 0).flatMap(linesOf);
  // Only the times depend on where one is.
  const text = lines
    .filter((line) => line.trim())
    .join('\n')
    .replaceAll(/(\w+ \d+|[\d/]+), [\d:]+ [AP]M/g, 'TIME');
  await expect(text).toMatchFileSnapshot('fixtures/page.txt');
});

test('once the price of an answer is measured, it replaces the tokens of the prompt', () => {
  const price = {
    split: 'test',
    rows: 64,
    before: { promptTokens: 410, answerTokens: 2 },
    after: { promptTokens: 94, answerTokens: 2 },
  } as const;
  const shown = (more: Partial<RunState>): string => {
    const snapshot = snapshotAfter(journal.length);
    return said({ type: 'opened', run, snapshot: { ...snapshot, state: { ...snapshot.state, ...more } } });
  };
  expect(shown({})).toContain('prompt17tokensfrom 21');
  expect(shown({ price: { ...price, time: { rows: 20, before: 38.2, after: 4.12 } } })).toContain(
    'price per answer96tokens, 4.1 msfrom 412, 38 ms',
  );
  expect(shown({ price })).toContain('price per answer96tokensfrom 412');
});

test('with calibrated label scores, the likelihood says that it is the one before', () => {
  const snapshot = snapshotAfter(journal.length);
  const best = snapshot.state.best!;
  const calibrated = { ...best, prompt: { ...best.prompt, decoding: { ...best.prompt.decoding, calibration: 'domain' as const } } };
  expect(said(opened(journal.length))).not.toContain('before calibration');
  expect(said({ type: 'opened', run, snapshot: { ...snapshot, state: { ...snapshot.state, best: calibrated } } })).toContain(
    '-0.256[-0.504, -0.076], before calibrationfrom',
  );
});

test('the top of the page reports answers that were cut off', () => {
  const cuts = [{ by: 'length', answers: 12, of: 75, tokens: 64 }] as const;
  const lines = journal.map((line) => (line.type === 'baselineMeasured' ? { ...line, state: { ...line.state, cuts } } : line));
  const until = lines.findIndex(({ type }) => type === 'baselineMeasured') + 1;
  const state = lines.slice(0, until).reduce(apply, stateAfter(0));
  const { snapshot } = opened(until) as Extract<ToPage, { type: 'opened' }>;
  const text = said({ type: 'opened', run, snapshot: { ...snapshot, state } });
  expect(text).toContain('Before, on the validation rows: 12 of 75 answers were cut at 64 tokens; raise tandem.decoding.maxTokens.');
});

/** The text after the first `until` lines of the journal, each replaced with the events that `change` returns for it. */
function withEvents(until: number, change: (line: JournalLine) => readonly unknown[]): string {
  const lines = journal.slice(0, until).flatMap(change) as JournalLine[];
  const { snapshot } = opened(until) as Extract<ToPage, { type: 'opened' }>;
  return said({ type: 'opened', run, snapshot: { ...snapshot, state: lines.reduce(apply, stateAfter(0)) } });
}

test('a writer has a line of its own, with its name, its requests and its budget', () => {
  const writer = { name: 'qwen3:8b at localhost:11434', budget: 50_000 };
  const text = withEvents(journal.length, (line) =>
    line.type === 'runStarted'
      ? [
          { ...line, config: { ...line.config, writer } },
          { ...line, type: 'writerAnswered', phase: 1, tokens: 12_300, requests: 15 },
        ]
      : [line],
  );
  expect(text).toContain('Writer: 12.3k tokens in 15 requests to qwen3:8b at localhost:11434 (budget 50k).');
});

test('a phase whose weights learn from the model’s own answers says how many there are', () => {
  const text = withEvents(midway, (line) =>
    line.type === 'phaseStarted' && line.target === 'weights'
      ? [line, { ...line, type: 'ownAnswersJudged', rows: 24, answers: 96, passed: 31, learned: 17, tokensUsed: 0, examples: [] }]
      : [line],
  );
  expect(text).toContain('31 of 96 answers to 24 training rows pass. The weights learn from the best answer to each of 17 rows.');
});

test('the page says if the weights were trained on all rows at the end', () => {
  const snapshot = snapshotAfter(journal.length);
  const state = { ...snapshot.state, refit: { rows: 24, steps: 60, kept: true } };
  expect(said({ type: 'opened', run, snapshot: { ...snapshot, state } })).toContain(
    'the weights were trained again for 60 steps on all 24 training and validation rows',
  );
});

test('controls show their budget at first, later their score and the difference from the run on the same rows', () => {
  const controls = ['p -> p', 'w -> w', 'best alone'] as const;
  const asked = journal.slice(0, -1).map((line) => (line.type === 'runStarted' ? { ...line, config: { ...line.config, controls } } : line));
  const score = { mean: 0.8, low: 0.7, high: 0.9, rows: 86 };
  const difference = { mean: 0.08, low: 0.01, high: 0.15, rows: 86, probabilityBetter: 0.99 };
  const later = [
    { type: 'controlStarted', control: 'p -> p', because: 'two prompt steps', budget: 400_000 },
    { type: 'controlMeasured', control: 'p -> p', tokensUsed: 390_000, score, logLikelihood: score, difference },
    { type: 'controlStarted', control: 'w -> w', because: 'two weight steps', budget: 400_000 },
  ].map((event, i) => ({ version: 2, at: 0, seq: asked.length + i, ...event }) as JournalLine);
  const heard = (lines: readonly JournalLine[]): string => {
    const messages = [{ type: 'runs', runs: summaries, queue: [] } as const, opened(0), { type: 'lines', run, lines } as const];
    const known = messages.reduce((known: Known, message) => hear(known, message, 0), {});
    return page(known, folded, 0).map(textOf).join('\n');
  };
  expect(heard(asked)).toContain('3 controls after the run, each from the same start with the whole budget again, 400.0k tokens');
  expect(heard(asked)).toContain('p -> ppending');
  const text = heard([...asked, ...later]);
  expect(text).toContain('p -> p80.0% [70.0, 90.0]+8.0 points [+1.0, +15.0]99%');
  expect(text).toContain('w -> wrunning, 0 tokens');
  expect(said(opened(journal.length))).not.toContain('Controls');
});

test('additional metrics stand below what was gained', () => {
  const score = { mean: 0.8, low: 0.7, high: 0.9, rows: 86 };
  const difference = { mean: 0.08, low: 0.01, high: 0.15, rows: 86, probabilityBetter: 0.99 };
  const lines = journal.map((line) =>
    line.type === 'attributed' ? { ...line, reported: [{ metric: 'macro-f1', before: score, after: score, difference }] } : line,
  );
  const messages = [{ type: 'runs', runs: summaries, queue: [] } as const, opened(0), { type: 'lines', run, lines } as const];
  const known = messages.reduce((heard: Known, message) => hear(heard, message, 0), {});
  expect(page(known, folded, 0).map(textOf).join('\n')).toContain('Total, macro-f1+8.0 points [+1.0, +15.0]99%');
});

test('an open phase lists its candidates with their differences, its loss and its changed predictions', () => {
  const text = said(opened(journal.length), unfolded);
  expect(text).toContain('3.7without any instructionedits · finished all rounds+2.7 points [0.0, +6.7]93%');
  expect(text).toContain('Loss over 60 of 60 steps');
  expect(text).toContain('Loss while looking ahead, 12 steps each');
  expect(text).toContain('Changed predictions: 32 better, 1 worse by accuracy');
  expect(text).toContain("Are you able to guide me to my card's location?lost or stolen card → card arrivalworse, line 370");
  expect(text).toContain('and 12 more rows');
});

test('a running phase is open, and the page shows its progress and that the test rows are still sealed', () => {
  const text = said(opened(midway, { live: true }));
  expect(text).toContain('75% of 400.0k tokens · 11 min 53 s so far · about 3 min 50 s left');
  expect(text).toContain('Loss over 40 of 60 steps');
  expect(text).toContain('Measured once, when the run ends, on 86 held-out test rows.');
});

test('a simultaneous run shows its joint phase, what the soft prompt is worth, and the best text without it', () => {
  const start = journal.find((line) => line.type === 'baselineMeasured')!.state;
  const without = { mean: -0.12, low: -0.2, high: -0.04, rows: 75, probabilityBetter: 0.01 };
  const changed = journal.flatMap((line): JournalLine[] => {
    const of = { version: line.version, seq: line.seq, at: line.at };
    if (line.type === 'phaseStarted' && line.phase === 2) return [{ ...line, target: 'both' as const }];
    if (line.type === 'weightStep' && line.phase === 2) return [{ ...line, soft: { learningRate: 0.03, gradientNorm: 1.5 } }];
    if (line.type !== 'phaseEnded') return [line];
    const best = { ...line.best, prompt: { ...line.best.prompt, body: '{{soft}}\n\nMessage: ${input:message}\nIntent:\n' } };
    const judged = { ...of, type: 'softPromptJudged', phase: line.phase, tokens: 12, drift: 7.25, kept: true, text: start } as const;
    return [
      { ...judged, without: { score: without, logLikelihood: without } },
      { ...line, best },
    ];
  });
  const lines = changed.map((line, seq) => ({ ...line, seq }));
  const known = [{ type: 'runs', runs: summaries, queue: [] } as const, opened(0), { type: 'lines', run, lines } as const].reduce(
    (known: Known, message) => hear(known, message, 0),
    {},
  );
  const text = page(known, unfolded, 0).map(textOf).join('\n');
  for (const part of [
    'Phase 2both60 steps',
    'Soft promptkept as a part of the adapter',
    'the best text changes the score by -12.0 points [-20.0, -4.0] on 75 validation rows',
    `The best text without it, candidate 0.0${start.prompt.body}`,
    'Soft prompt12 virtual tokens, kept',
    'Drift from its text7.3 (about two for each token that changed)',
    'both at once',
  ])
    expect(text).toContain(part);
});

test('a curriculum is shown if there is one: what the rows are used for, and what may change', () => {
  expect(said(opened(journal.length))).not.toContain('Curriculum');
  const lines: JournalLine[] = [
    {
      ...({ version: 2, seq: 0, at: 0, type: 'difficultyMeasured', phase: 1 } as const),
      ...{ rows: 60, known: 96, success: 0.414, passRate: 0.4, logLikelihood: -1, tokensUsed: 10, inPlay: 0.25 },
      roles: { weights: 50, prompt: 30, guard: 16 },
    },
    {
      ...({ version: 2, seq: 1, at: 0, type: 'freedomGrown', phase: 2, stage: 2, stages: 3, rank: [4, 8], layers: [4, 6] } as const),
      ...{ name: 'lines', prompt: 'whole lines', penalty: 10, because: '30% of the budget is spent' },
    },
  ];
  const message = opened(journal.length, { state: lines.reduce(apply, stateAfter(journal.length)) });
  const text = said(message);
  for (const part of ['Curriculum', '0.4150301625.0%', 'Top layers', '2 of 3, lineswhole lines4 of 84 of 6× 10'])
    expect(text).toContain(part);
});

test('a journal of an earlier version, without changed predictions, says so', () => {
  const bare = journal.map((line) =>
    line.type === 'gateDecided' ? { ...line, changedPredictions: undefined, objective: undefined } : line,
  );
  const known = [{ type: 'runs', runs: summaries, queue: [] } as const, opened(0), { type: 'lines', run, lines: bare } as const].reduce(
    (known: Known, message) => hear(known, message, 0),
    {},
  );
  const text = page(known, unfolded, 0).map(textOf).join('\n');
  expect(text).toContain('an earlier version wrote it');
  expect(text).toContain('Last tried');
});

test('the page can be drawn at every moment of a run, also from a state that went through JSON', () => {
  for (let lines = 0; lines <= journal.length; lines += 7) {
    const message = opened(lines, { live: true });
    expect(said(JSON.parse(JSON.stringify(message)) as ToPage, unfolded)).toBe(said(message, unfolded));
  }
});

test('what the preflight found is shown with the run that followed it', () => {
  const score = { mean: 0.1, low: -0.1, high: 0.3, rows: 24, probabilityBetter: 0.85 };
  const preflight = {
    now: { score: { mean: 0.5, low: 0.3, high: 0.7, rows: 24 } },
    targets: [
      { target: 'weights', outlook: 'likely', because: '', tried: 1, score },
      { target: 'prompt', outlook: 'unlikely', because: '', tried: 10, score },
    ],
    tokensUsed: 1200,
  } as const;
  const text = said(opened(midway, { preflight, live: true }));
  expect(text).toContain('Preflightweights likely to help, prompt unlikely to help');
  expect(text).toContain('Now: 50.0% [30.0, 70.0] on 24 validation rows');
  expect(said(opened(midway, { live: true }))).not.toContain('Preflight');
});

test('jobs that wait are listed and can be removed, even before the first run', () => {
  const queue = [{ job: 3, title: 'Optimizing intent.prompt.md' }];
  const text = page(hear({}, { type: 'runs', runs: [], queue }, 0), folded, 0)
    .map(textOf)
    .join();
  expect(text).toContain('1 job waits for its turn');
  expect(text).toContain('Optimizing intent.prompt.md');
  expect(text).not.toContain('No run yet');
  expect(said(opened(midway))).not.toContain('waits for its turn');
});

test('no runs, and a run that cannot be read', () => {
  expect(page({}, folded, 0).map(textOf)).toEqual(['Looking for runs…']);
  expect(page({ runs: [] }, folded, 0).map(textOf).join()).toContain('No run yet');
  expect(said({ type: 'refused', run, message: 'This line of the journal is not JSON.' })).toContain(
    'This line of the journal is not JSON.',
  );
});

test('before the first measurement, the page shows where the run stands and no empty tables', () => {
  const text = said(
    opened(
      linesUntil(({ type }) => type === 'rateMeasured'),
      { live: true },
    ),
  );
  expect(text).toContain('Measuring the starting point…');
  expect(text).not.toMatch(/Objective|Phases|NaN|undefined/);
});

test('a run without a test split says so', () => {
  const lines = journal.map((line) =>
    line.type === 'runStarted' ? { ...line, config: { ...line.config, splits: { ...line.config.splits, test: 0 } } } : line,
  );
  const known = hear(
    hear(hear({}, { type: 'runs', runs: summaries, queue: [] }, 0), opened(0), 0),
    { type: 'lines', run, lines: lines.slice(0, midway) },
    0,
  );
  expect(page(known, folded, 0).map(textOf).join()).toContain('There are no held-out test rows');
});

test('no second decision can be made while one is being carried out', () => {
  const asked: FromPage[] = [];
  const items = [{ kind: 'adapter', id: 'adapter', folder: 'adapters/a', standing: 'open', evidence: [] }] as const;
  const message = opened(journal.length, { review: { file: 'intent.prompt.md', items } });
  expect(said(message, { ...folded, act: (action) => void asked.push(action) })).toContain('1 of 1 undecided');
  const known = hear(hear({}, { type: 'runs', runs: summaries, queue: [] }, 0), message, 0);
  const disabled = JSON.stringify(page(known, { ...folded, isAsked: (type) => type === 'decide' }, 0)).match(/"disabled":true/g);
  expect(disabled).toHaveLength(2);
  expect(asked).toEqual([]);
});
