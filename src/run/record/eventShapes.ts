/** @file The shapes of the journal's lines, one for each event. An event without a shape comes from a newer Tandem, and only its type is read. */
import type { AnswerTokens } from '../../evaluate/answerTokens.ts';
import type { AttributionCell, Change, ChangedHunk, JudgedAnswer, PhaseTarget, ReportedMetric, TestAnswer } from '../../optimize/events.ts';
import type { Worth } from '../../optimize/worth.ts';
import {
  amount,
  day,
  exactly,
  fileName,
  finite,
  flag,
  list,
  measured,
  object,
  optional,
  pair,
  such,
  text,
  whole,
  type Fields,
  type Shape,
} from '../../shape.ts';
import type { AnswerEnds } from '../../prompt/decoding.ts';
import type { JournalLine, RunConfig, RunEvent } from './events.ts';
import { budget, cuts, difference, estimate, changedPredictions, line, measuredState, objective, prompt, word } from './shapes.ts';
import { lora, rowLimits, soft } from './specShape.ts';

/** The fields of every line besides its event. The journal checks its number and version. */
type Frame = Pick<JournalLine, 'version' | 'seq' | 'at'> & { readonly type: string };

const frame: Shape<Frame> = object<Frame>({ version: exactly(2), seq: whole, at: amount, type: text });

/** A line of the journal. */
export const journalLine: Shape<JournalLine> = (value) => {
  const framed = frame(value);
  return (Object.hasOwn(events, framed.type) ? events[framed.type as RunEvent['type']](framed) : framed) as JournalLine;
};

const phaseTarget: Shape<PhaseTarget> = exactly('prompt', 'weights', 'both');

const answerEnds = object<AnswerEnds>({ maxTokens: whole, stop: list(text) });

const config = object<RunConfig>({
  run: text,
  prompt: text,
  data: list(text),
  model: object<RunConfig['model']>({ name: text, fingerprint: text }),
  metric: text,
  seed: finite,
  budget,
  coordinator: optional(word()),
  soft: optional(soft),
  schedule: word(),
  strategy: word(),
  tune: word(),
  curriculum: optional(object<NonNullable<RunConfig['curriculum']>>({ of: word(), pacing: word() })),
  adapters: optional(word()),
  controls: optional(list(word())),
  lora: optional(lora),
  worth: optional(object<Worth>({ margin: amount, perHundredTokens: amount })),
  writer: optional(object<NonNullable<RunConfig['writer']>>({ name: text, budget: amount })),
  splits: object<RunConfig['splits']>({ train: whole, val: whole, test: whole }),
  limits: rowLimits,
  executor: word(),
  threads: whole,
  versions: object<RunConfig['versions']>({ tandem: text, node: text, platform: text }),
  startedAt: text,
  chatDate: optional(day),
  answerEnds: optional(list((value) => (value === null ? null : answerEnds(value)))),
});

const cell = object<AttributionCell>({
  weights: exactly('old', 'new'),
  prompt: exactly('old', 'new'),
  score: estimate,
  logLikelihood: optional(estimate),
  cuts: optional(cuts),
});

const cells = such(
  list(cell),
  (all) => new Set(all.map((each) => `${each.weights} ${each.prompt}`)).size === 4,
  'the four pairs of old and new weights and prompts',
);

const judged = object<JudgedAnswer>({ prediction: text, score: measured, feedback: optional(text), logLikelihood: optional(measured) });
const answer = object<TestAnswer>({ row: text, line, gold: optional(text), before: judged, after: judged });
const reported = object<ReportedMetric>({ metric: text, before: estimate, after: estimate, difference });

const hunk = object<ChangedHunk>({
  id: text,
  line: whole,
  before: text,
  after: text,
  own: optional(difference),
  tokens: optional(finite),
});
const change = object<Change>({
  part: exactly('instruction', 'demonstrations', 'labels', 'decoding', 'adapter'),
  step: optional(whole),
  hunks: optional(list(hunk)),
  reason: optional(text),
  own: optional(difference),
  tokens: optional(finite),
});

const answerTokens = object<AnswerTokens>({ promptTokens: amount, answerTokens: amount });

type Event<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>;

/** @param type the type of the event that has these fields */
const event = <T extends RunEvent['type']>(_: T, fields: Fields<Omit<Event<T>, 'type'>>): Shape<unknown> => object(fields);

const events: { readonly [T in RunEvent['type']]: Shape<unknown> } = {
  runStarted: event('runStarted', { config }),
  noticed: event('noticed', { message: text }),
  rateMeasured: event('rateMeasured', {
    tokensPerSecond: amount,
    budget: amount,
    rows: optional(object<{ val: number; test: number }>({ val: whole, test: whole })),
    tokensPerRow: optional(amount),
  }),
  budgetPlanned: event('budgetPlanned', { tokensUsed: amount, budget: amount, tokensPerSecond: amount, left: amount, reserve: amount }),
  writerAnswered: event('writerAnswered', { phase: whole, request: text, text, tokens: whole, requests: whole }),
  writerFailed: event('writerFailed', { phase: whole, request: text, reason: text, message: text }),
  stopRequested: event('stopRequested', {}),
  testOpened: event('testOpened', { rows: whole }),
  baselineMeasured: event('baselineMeasured', { state: measuredState, tokensUsed: amount }),
  warmStartProbed: event('warmStartProbed', {
    part: optional(exactly('soft prompt')),
    from: text,
    helped: flag,
    because: text,
    score: optional(difference),
    logLikelihood: optional(difference),
    steps: whole,
    tokensUsed: amount,
  }),
  phaseStarted: event('phaseStarted', { phase: whole, target: phaseTarget, block: optional(text), because: text }),
  difficultyMeasured: event('difficultyMeasured', {
    phase: whole,
    rows: whole,
    known: whole,
    success: measured,
    passRate: measured,
    logLikelihood: optional(measured),
    roles: object<{ weights: number; prompt: number; guard: number }>({ weights: whole, prompt: whole, guard: whole }),
    inPlay: measured,
    tokensUsed: amount,
  }),
  ownAnswersJudged: event('ownAnswersJudged', {
    phase: whole,
    rows: whole,
    answers: whole,
    passed: whole,
    learned: whole,
    tokensUsed: amount,
  }),
  freedomGrown: event('freedomGrown', {
    phase: whole,
    stage: whole,
    stages: whole,
    name: text,
    prompt: text,
    rank: pair(finite),
    layers: pair(finite),
    penalty: finite,
    because: text,
  }),
  candidateProposed: event('candidateProposed', {
    phase: whole,
    candidate: fileName,
    proposer: text,
    reason: text,
    prompt,
    changes: optional(list(change)),
  }),
  candidateMeasured: event('candidateMeasured', {
    phase: whole,
    candidate: fileName,
    score: difference,
    logLikelihood: optional(difference),
    kept: flag,
  }),
  weightStep: event('weightStep', {
    phase: whole,
    candidate: optional(fileName),
    aside: optional(flag),
    step: whole,
    steps: whole,
    loss: measured,
    learningRate: measured,
    gradientNorm: measured,
    soft: optional(object<{ learningRate: number; gradientNorm: number }>({ learningRate: measured, gradientNorm: measured })),
    tokensUsed: amount,
  }),
  gateDecided: event('gateDecided', {
    phase: whole,
    candidate: fileName,
    accepted: flag,
    because: text,
    score: difference,
    logLikelihood: optional(difference),
    changes: optional(list(change)),
    objective: optional(objective),
    changedPredictions: optional(changedPredictions),
  }),
  phaseEnded: event('phaseEnded', { phase: whole, target: phaseTarget, accepted: flag, best: measuredState, tokensUsed: amount }),
  softPromptJudged: event('softPromptJudged', {
    phase: whole,
    tokens: whole,
    drift: measured,
    kept: flag,
    text: measuredState,
    without: object<Event<'softPromptJudged'>['without']>({ score: difference, logLikelihood: optional(difference) }),
  }),
  weightsRefitted: event('weightsRefitted', {
    phase: whole,
    rows: whole,
    steps: whole,
    kept: flag,
    best: measuredState,
    tokensUsed: amount,
  }),
  placesMeasured: event('placesMeasured', { changes: list(change), tokensUsed: amount }),
  attributed: event('attributed', {
    cells,
    total: difference,
    promptAlone: difference,
    weightsAlone: difference,
    interaction: difference,
    reported: optional(list(reported)),
    answers: optional(list(answer)),
    tokensUsed: amount,
  }),
  priceMeasured: event('priceMeasured', {
    split: exactly('val', 'test'),
    rows: whole,
    before: answerTokens,
    after: answerTokens,
    time: optional(object<NonNullable<Event<'priceMeasured'>['time']>>({ rows: whole, before: amount, after: amount })),
  }),
  controlStarted: event('controlStarted', { control: word(), because: text, budget: amount }),
  controlProgressed: event('controlProgressed', {
    control: word(),
    phase: whole,
    target: optional(phaseTarget),
    accepted: optional(flag),
    score: estimate,
    tokensUsed: amount,
  }),
  controlMeasured: event('controlMeasured', {
    control: word(),
    tokensUsed: amount,
    score: estimate,
    logLikelihood: optional(estimate),
    difference,
  }),
  runEnded: event('runEnded', { because: text }),
  runFailed: event('runFailed', { reason: text, message: text }),
};
