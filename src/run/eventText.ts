/** @file A run's events and state as lines of text. */
import type { JournalLine } from './events.ts';
import { cutText } from '../evaluate/cuts.ts';
import {
  answerEndsText,
  count,
  duration,
  likelihoodPart,
  percent,
  percentWithInterval,
  points,
  priceText,
  rowCount,
  sureness,
} from './format.ts';
import { progressOf, remainingTime, type RunState } from './state.ts';
import { triedText } from './triedText.ts';
import { difficultyText, doing, freedomText, ownAnswersText, refitText, softText, stoppedByUser, warmStartText } from './words.ts';

/** What a log says about an event; undefined for those that only move the status. `state` is the state after it. */
export function eventText(line: JournalLine, state: RunState): string | undefined {
  switch (line.type) {
    case 'runStarted': {
      const { run, model, splits, seed, answerEnds } = line.config;
      const ends = answerEnds ? `; answers ${answerEndsText(answerEnds)}` : '';
      return `Run ${run}: ${model.name}, ${splits.train} training and ${splits.val} validation rows, ${splits.test} test rows sealed, seed ${seed}${ends}`;
    }
    case 'noticed':
      return `Notice: ${line.message}`;
    case 'rateMeasured': {
      const { budget, passesPerSecond } = line;
      const asked = state.config?.budget;
      if (asked && 'seconds' in asked && line.passesPerRow !== undefined)
        return `Budget: ${duration(asked.seconds * 1000)} in all, of which ${duration(line.at)} are over; ${count(passesPerSecond)} token passes a second now`;
      const time = (passes: number): string => duration((passes / passesPerSecond) * 1000);
      const controls = state.config?.controls?.length ?? 0;
      const more = controls ? `; after it ${controls} controls at as much each, ${time(controls * budget)} more` : '';
      return `Budget: ${count(budget)} token passes, ${time(budget)} at ${count(passesPerSecond)} a second${more}`;
    }
    case 'baselineMeasured':
      return `Start: ${state.config?.metric ?? 'metric'} ${percentWithInterval(line.state.score)} on ${rowCount(line.state.score.rows, 'validation')}, J ${line.state.objective.total.toFixed(3)}${(line.state.cuts ?? []).map((cut) => `; ${cutText(cut)}`).join('')}`;
    case 'phaseStarted':
      return `Phase ${line.phase}, ${line.block ?? line.lever}: ${line.because}`;
    case 'warmStartProbed':
      return warmStartText(line);
    case 'difficultyMeasured':
      return `  ${difficultyText(line)}`;
    case 'ownAnswersJudged':
      return `  ${ownAnswersText(line)}`;
    case 'weightsRefitted':
      return refitText(line);
    case 'freedomGrown':
      return `More may move, ${freedomText(line)}; ${line.because}`;
    case 'gateDecided':
      return `  ${line.candidate} ${line.accepted ? 'kept' : 'not kept'}: ${points(line.score)}${likelihoodPart(line.logLikelihood)}, P(better) ${sureness(line.score)}; ${line.because}`;
    case 'softPromptJudged':
      return `  ${softText(line)}`;
    case 'phaseEnded':
      return `  ${triedOf(state, line.phase)}best after phase ${line.phase}: ${percentWithInterval(line.best.score)}, J ${line.best.objective.total.toFixed(3)}, ${count(line.passes)} passes, ${duration(line.at)}`;
    case 'writerAnswered':
      return `  written by ${state.config?.writer?.name ?? 'the writer'}: ${count(line.tokens)} tokens, ${count(state.writer?.tokens ?? 0)} of ${count(state.config?.writer?.budget ?? 0)}`;
    case 'writerFailed':
      return `Notice: ${line.message}`;
    case 'stopRequested':
      return 'Stopping: what was accepted so far stands';
    case 'testOpened':
      return `Test: opening the sealed split, ${line.rows} rows`;
    case 'attributed':
      return `Test: ${points(line.total)}, P(better) ${sureness(line.total)}; prompt alone ${points(line.promptAlone)}, weights alone ${points(line.weightsAlone)}, beyond the sum ${points(line.interaction)}`;
    case 'priceMeasured':
      return `Price per answer: ${priceText(line)}`;
    case 'controlStarted':
      return `Control ${line.control}: ${line.because}; ${count(line.budget)} token passes`;
    case 'controlProgressed':
      return undefined;
    case 'controlMeasured':
      return `  ${line.control}: ${percentWithInterval(line.score)} on ${rowCount(line.score.rows, 'test')}; the run against it ${points(line.difference)}, P(better) ${sureness(line.difference)}`;
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

/** `tried 4 wordings: none was surely better; `. */
function triedOf({ phases }: RunState, number: number): string {
  const phase = phases.find((each) => each.phase === number);
  return phase ? `${triedText(phase)}; ` : '';
}

/** One line on where the run stands, for a terminal that redraws it. */
export function statusText(state: RunState): string {
  const progress = progressOf(state);
  const parts = [progress === undefined ? [] : [`${bar(progress)} ${Math.floor(progress * 100)}%`], [doing(state)]].flat();
  if (state.best) parts.push(`best ${percent(state.best.score.mean)}`);
  const left = state.status === 'running' ? remainingTime(state) : undefined;
  if (left !== undefined) parts.push(`${duration(left)} left`);
  return parts.join(' · ');
}

function bar(progress: number): string {
  const width = 12;
  const filled = Math.round(progress * width);
  return `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`;
}
