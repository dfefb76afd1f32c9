/** @file A run's state as a pure fold over its journal, one line at a time. */
import type { ControlName } from '../../optimize/baselines/names.ts';
import type { CandidateId, MeasuredState, PhaseTarget } from '../../optimize/events.ts';
import type { JournalLine, RunEvent } from './events.ts';
import type { CandidateState, ControlState, CurriculumState, HistoryPoint, PhaseState, RunState, WriterState } from './state.ts';

/** The state after one more line. Pure. A line of an unknown type changes nothing. */
export function apply(state: RunState, line: JournalLine): RunState {
  if (!isKnown(line.type)) return state;
  const change = changes[line.type] as (state: RunState, line: JournalLine) => Partial<RunState>;
  return { ...state, elapsed: Math.max(state.elapsed, line.at), ...change(state, line) };
}

const isKnown = (type: string): type is RunEvent['type'] => Object.hasOwn(changes, type);

/** What each event changes in addition to the time. */
type Changes = { readonly [Type in RunEvent['type']]: (state: RunState, line: Extract<JournalLine, { type: Type }>) => Partial<RunState> };

const unasked: WriterState = { tokens: 0, requests: 0, failed: 0, failing: 0 };

const noCurriculum: CurriculumState = { data: [], freedom: [] };

/** The token count never decreases: a resumed run may report some tokens again. */
const spent = (state: RunState, { tokensUsed }: { readonly tokensUsed: number }): Pick<RunState, 'tokensUsed'> => ({
  tokensUsed: Math.max(state.tokensUsed, tokensUsed),
});

const changes: Changes = {
  runStarted: (_, { config }) => ({ status: 'running', config }),
  noticed: ({ notices }, { message }) => ({ notices: [...notices, message] }),
  rateMeasured: ({ config, tokensUsed }, { tokensPerSecond, budget, tokensPerRow, rows, at }) => ({
    tokensPerSecond,
    budget,
    ...(tokensPerRow !== undefined && { tokensPerRow }),
    pacedFrom: { at, tokensUsed },
    ...(config && rows && { config: { ...config, splits: { ...config.splits, ...rows } } }),
  }),
  budgetPlanned: (_, { budget, tokensPerSecond }) => ({ budget, tokensPerSecond }),
  baselineMeasured: (state, line) => ({
    ...spent(state, line),
    start: line.state,
    best: line.state,
    history: [...state.history, historyPoint(0, true, line.state, line)],
  }),
  phaseStarted: (state, line) => ({ phases: [...state.phases, startPhase(state, line)] }),
  warmStartProbed(state, line) {
    const { part, from, helped, because, score, logLikelihood, steps } = line;
    const probed = {
      ...(part && { part }),
      from,
      helped,
      because,
      steps,
      ...(score && { score }),
      ...(logLikelihood && { logLikelihood }),
    };
    return { ...spent(state, line), ...(part ? { warmSoft: probed } : { warmStart: probed }) };
  },
  difficultyMeasured(state, line) {
    const { phase, rows, known, success, passRate, logLikelihood, roles, inPlay } = line;
    const { data, freedom } = state.curriculum ?? noCurriculum;
    const likelihood = logLikelihood === undefined ? {} : { logLikelihood };
    const point = { phase, rows, known, success, passRate, ...likelihood, roles, inPlay };
    return { ...spent(state, line), curriculum: { data: [...data, point], freedom } };
  },
  ownAnswersJudged(state, line) {
    const { rows, answers, passed, learned } = line;
    return { ...spent(state, line), ...inPhase(state, line.phase, () => ({ ownAnswers: { rows, answers, passed, learned } })) };
  },
  freedomGrown(state, { phase, stage, stages, name, prompt, rank, layers, penalty, because }) {
    const { data, freedom } = state.curriculum ?? noCurriculum;
    return { curriculum: { data, freedom: [...freedom, { phase, stage, stages, name, prompt, rank, layers, penalty, because }] } };
  },
  candidateProposed: (state, line) =>
    inCandidate(state, line, () => {
      const { proposer, reason, prompt, changes } = line;
      return { proposal: { proposer, reason, prompt, ...(changes && { changes }) } };
    }),
  candidateMeasured(state, line) {
    const { score, logLikelihood, kept } = line;
    const measurement = { score, ...(logLikelihood && { logLikelihood }), kept };
    return inCandidate(state, line, ({ measured }) => ({ measured: [...measured, measurement] }));
  },
  gateDecided(state, line) {
    const { accepted, because, score, logLikelihood, objective, changedPredictions, changes } = line;
    const details = { ...(objective && { objective }), ...(changedPredictions && { changedPredictions }), ...(changes && { changes }) };
    const decision = { accepted, because, score, ...(logLikelihood && { logLikelihood }), ...details };
    return inCandidate(state, line, () => ({ decision }));
  },
  weightStep(state, line) {
    const { candidate, aside, step, steps, loss, learningRate, gradientNorm, soft } = line;
    if (aside) return spent(state, line);
    const taken = {
      ...(candidate !== undefined && { candidate }),
      ...{ step, steps, loss, learningRate, gradientNorm },
      ...(soft && { soft }),
    };
    return { ...spent(state, line), ...inPhase(state, line.phase, ({ weightSteps }) => ({ weightSteps: [...weightSteps, taken] })) };
  },
  softPromptJudged: (state, { phase, tokens, drift, kept, text, without }) =>
    inPhase(state, phase, () => ({ softPrompt: { tokens, drift, kept, text, without } })),
  weightsRefitted(state, line) {
    const { rows, steps, kept, best } = line;
    return { ...spent(state, line), best, refit: { rows, steps, kept } };
  },
  placesMeasured: (state, line) => ({ ...spent(state, line), places: line.changes }),
  phaseEnded: (state, line) => ({
    ...spent(state, line),
    best: line.best,
    history: [...state.history, historyPoint(line.phase, line.accepted, line.best, line, line.target)],
    ...inPhase(state, line.phase, ({ candidates }) => ({
      ended: { accepted: line.accepted, at: line.at, tokensUsed: line.tokensUsed },
      candidates: candidates.map((each) => became(each, line.best)),
    })),
  }),
  writerAnswered(state, line) {
    const { tokens, requests, ...known } = state.writer ?? unasked;
    return { writer: { ...known, tokens: tokens + line.tokens, requests: requests + line.requests, failing: 0 } };
  },
  writerFailed(state, { message }) {
    const { failed, failing, ...known } = state.writer ?? unasked;
    return { writer: { ...known, failed: failed + 1, failing: failing + 1, trouble: message } };
  },
  stopRequested: ({ status }) => ({ stopRequested: true, ...(status === 'running' && { status: 'stopping' }) }),
  testOpened: (_, { rows }) => ({ status: 'testing', testRows: rows }),
  attributed(state, line) {
    const { cells, total, promptAlone, weightsAlone, interaction, reported, answers } = line;
    const details = { ...(reported && { reported }), ...(answers && { answers }) };
    return { ...spent(state, line), attribution: { cells, total, promptAlone, weightsAlone, interaction, ...details } };
  },
  priceMeasured: (_, { split, rows, before, after, time }) => ({ price: { split, rows, before, after, ...(time && { time }) } }),
  controlStarted: ({ controls }, { control, because }) => ({ controls: [...controls, { control, because, tokensUsed: 0, phase: 0 }] }),
  controlProgressed: (state, { control, tokensUsed, phase, score }) => inControl(state, control, { tokensUsed, phase, val: score }),
  controlMeasured: (state, { control, tokensUsed, score, logLikelihood, difference }) =>
    inControl(state, control, { tokensUsed, measured: { score, ...(logLikelihood && { logLikelihood }), difference } }),
  runEnded: (_, { because }) => ({ status: 'ended', because }),
  runFailed: (_, { reason, message }) => ({ status: 'failed', failure: { reason, message } }),
};

function became(each: CandidateState, { candidate, prompt, adapter }: MeasuredState): CandidateState {
  return each.candidate === candidate ? { ...each, became: { prompt, ...(adapter !== undefined && { adapter }) } } : each;
}

function historyPoint(
  phase: number,
  accepted: boolean,
  best: MeasuredState,
  { at, tokensUsed }: { at: number; tokensUsed: number },
  target?: PhaseTarget,
): HistoryPoint {
  const { candidate, score, logLikelihood, objective, promptTokens } = best;
  const likelihood = logLikelihood && { logLikelihood };
  return { phase, ...(target && { target }), accepted, candidate, at, tokensUsed, score, ...likelihood, objective, promptTokens };
}

function startPhase(
  state: RunState,
  { phase, target, block, because, at }: { phase: number; target: PhaseTarget; block?: string; because: string; at: number },
): PhaseState {
  return {
    phase,
    target,
    ...(block !== undefined && { block }),
    because,
    candidates: [],
    weightSteps: [],
    startedAt: at,
    startTokens: state.tokensUsed,
  };
}

function inPhase(state: RunState, number: number, update: (phase: PhaseState) => Partial<PhaseState>): Pick<RunState, 'phases'> {
  return { phases: state.phases.map((phase) => (phase.phase === number ? { ...phase, ...update(phase) } : phase)) };
}

function inControl(state: RunState, name: ControlName, update: Partial<ControlState>): Pick<RunState, 'controls'> {
  return { controls: state.controls.map((each) => (each.control === name ? { ...each, ...update } : each)) };
}

/** Changes a candidate of a phase, and adds it first if it is new. */
function inCandidate(
  state: RunState,
  { phase: number, candidate }: { phase: number; candidate: CandidateId },
  update: (candidate: CandidateState) => Partial<CandidateState>,
): Pick<RunState, 'phases'> {
  return inPhase(state, number, ({ candidates }) => {
    const known = candidates.some((other) => other.candidate === candidate);
    const all = known ? candidates : [...candidates, { candidate, measured: [] }];
    return { candidates: all.map((other) => (other.candidate === candidate ? { ...other, ...update(other) } : other)) };
  });
}
