/** @file A run's events and state as lines of text. */
import type { JournalLine } from '../record/events.ts';
import { cutText } from '../../evaluate/cuts.ts';
import {
  answerEndsText,
  count,
  duration,
  gainDetails,
  gainText,
  likelihoodPart,
  percent,
  percentWithInterval,
  points,
  priceText,
  roughDuration,
  rowCount,
  sureness,
} from './format.ts';
import { progressOf, remainingTime, type RunState } from '../record/state.ts';
import { triedText } from './triedText.ts';
import { difficultyText, doing, freedomText, ownAnswersText, refitText, softText, stoppedByUser, warmStartText } from './words.ts';

/** What a log says about an event. Undefined for events that only update the status. `state` is the state after it. */
export function eventText(line: JournalLine, state: RunState): string | undefined {
  switch (line.type) {
    case 'runStarted': {
      const { run, model, splits, seed, answerEnds } = line.config;
      const ends = answerEnds ? `; answers ${answerEndsText(answerEnds)}` : '';
      return `Run ${run}: ${model.name}, ${splits.train} training and ${splits.val} validation rows, ${splits.test} held-out test rows, seed ${seed}${ends}`;
    }
    case 'noticed':
      return `Notice: ${line.message}`;
    case 'rateMeasured': {
      const { budget, tokensPerSecond } = line;
      const asked = state.config?.budget;
      if (asked && 'seconds' in asked && line.tokensPerRow !== undefined)
        return `Budget: ${duration(asked.seconds * 1000)}, ${duration(line.at)} used so far; ${count(tokensPerSecond)} tokens per second now`;
      const time = (tokensUsed: number): string => duration((tokensUsed / tokensPerSecond) * 1000);
      const controls = state.config?.controls?.length ?? 0;
      const more = controls ? `; then ${controls} controls with the same budget each, ${time(controls * budget)} more` : '';
      return `Budget: about ${time(budget)}, ${count(budget)} tokens at ${count(tokensPerSecond)} per second${more}`;
    }
    case 'baselineMeasured':
      return `Start: ${state.config?.metric ?? 'metric'} ${percentWithInterval(line.state.score)} on ${rowCount(line.state.score.rows, 'validation')}${(line.state.cuts ?? []).map((cut) => `; ${cutText(cut)}`).join('')}; J ${line.state.objective.total.toFixed(3)}`;
    case 'phaseStarted':
      return `Phase ${line.phase}, ${line.block ?? line.target}: ${line.because}`;
    case 'warmStartProbed':
      return warmStartText(line);
    case 'difficultyMeasured':
      return `  ${difficultyText(line)}`;
    case 'ownAnswersJudged':
      return `  ${ownAnswersText(line)}`;
    case 'weightsRefitted':
      return refitText(line);
    case 'freedomGrown':
      return `Learning schedule: ${freedomText(line)}; ${line.because}`;
    case 'gateDecided':
      return `  ${line.candidate} ${line.accepted ? 'kept' : 'not kept'}: ${line.because}. On the validation rows: ${points(line.score)}, P(better) ${sureness(line.score)}${likelihoodPart(line.logLikelihood)}`;
    case 'softPromptJudged':
      return `  ${softText(line)}`;
    case 'phaseEnded':
      return `  ${triedOf(state, line.phase)}best after phase ${line.phase}: ${percentWithInterval(line.best.score)}; ${duration(line.at)}, ${count(line.tokensUsed)} tokens; J ${line.best.objective.total.toFixed(3)}`;
    case 'writerAnswered':
      return `  written by ${state.config?.writer?.name ?? 'the writer'}: ${count(line.tokens)} tokens, ${count(state.writer?.tokens ?? 0)} of ${count(state.config?.writer?.budget ?? 0)}`;
    case 'writerFailed':
      return `Notice: ${line.message}`;
    case 'stopRequested':
      return 'Stopping: everything accepted so far is kept';
    case 'testOpened':
      return `Test: measuring on ${rowCount(line.rows, 'held-out')}`;
    case 'attributed':
      return `Test: ${gainText(line.total, 'held-out')}, ${gainDetails(line.total)}; prompt alone ${points(line.promptAlone)}, weights alone ${points(line.weightsAlone)}, extra from both together ${points(line.interaction)}`;
    case 'priceMeasured':
      return `Price per answer: ${priceText(line)}`;
    case 'controlStarted':
      return `Control ${line.control}: ${line.because}; ${count(line.budget)} tokens`;
    case 'controlProgressed':
      return undefined;
    case 'controlMeasured':
      return `  ${line.control}: ${percentWithInterval(line.score)} on ${rowCount(line.score.rows, 'test')}; this run compared with it: ${gainText(line.difference)}, ${gainDetails(line.difference)}`;
    case 'runEnded':
      return line.because === stoppedByUser ? `Stopped after ${duration(line.at)}` : `Ended after ${duration(line.at)}: ${line.because}`;
    case 'runFailed':
      return `Failed after ${duration(line.at)}: ${line.message}`;
    case 'budgetPlanned':
    case 'candidateProposed':
    case 'candidateMeasured':
    case 'placesMeasured':
    case 'weightStep':
      return undefined;
    default:
      return undefined;
  }
}

/** `tried 4 wordings: none was clearly better; `. */
function triedOf({ phases }: RunState, number: number): string {
  const phase = phases.find((each) => each.phase === number);
  return phase ? `${triedText(phase)}; ` : '';
}

/** One line about the run's progress, for a terminal that redraws it. */
export function statusText(state: RunState): string {
  const progress = progressOf(state);
  const left = state.status === 'running' ? remainingTime(state) : undefined;
  const parts = [
    ...(progress === undefined ? [] : [`${bar(progress)} ${Math.floor(progress * 100)}%`]),
    ...(left === undefined ? [] : [`${duration(state.elapsed)} of about ${roughDuration(state.elapsed + left)}`]),
    doing(state),
    ...(state.best ? [`best ${percent(state.best.score.mean)}`] : []),
  ];
  return parts.join(' · ');
}

function bar(progress: number): string {
  const width = 12;
  const filled = Math.round(progress * width);
  return `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`;
}
