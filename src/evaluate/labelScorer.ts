/**
 * @file Scores of labels after questions: computed by the model, normalized for length, and corrected for what the model prefers regardless of the
 * input.
 */
import { TandemError } from '../errors.ts';
import type { LabelScore } from '../model/languageModel.ts';
import type { Calibration, Decoding } from '../prompt/decoding.ts';
import type { Prompt } from '../prompt/prompt.ts';
import type { Values } from '../prompt/values.ts';
import type { CachedModel, Call } from './cachedModel.ts';
import { contentFreeBias, contentFreeInputs, domainInputs, needsRows, priorBias, subtract } from './calibration.ts';
import type { Task } from './evaluation.ts';
import { normalized } from './labelScores.ts';
import { answerAfter } from './question.ts';

export interface LabelScores {
  readonly raw: readonly LabelScore[];
  /** Normalized and calibrated. */
  readonly scores: readonly number[];
}

export interface LabelScorer {
  /** What the model is asked besides the rows, so that their scores can be corrected. @throws TandemError reason 'no-calibration-rows' */
  readonly calibrationTexts: (prompt: Prompt, calibration?: Calibration) => string[];
  /** Raw and corrected scores of the choices after each text. The inputs of the calibration use the same prompt. */
  readonly scoreChoices: (
    prompt: Prompt,
    texts: readonly string[],
    choices: readonly string[],
    call: Call,
    calibration?: Calibration,
  ) => Promise<LabelScores[]>;
}

interface LabelScorerOptions {
  readonly task: Task;
  readonly outputs: CachedModel;
  readonly decodingOf: (prompt: Prompt) => Decoding;
  readonly questionOf: (prompt: Prompt, values: Values) => string;
  readonly calibrationInputs: readonly Values[];
}

export function makeLabelScorer({ task, outputs, decodingOf, questionOf, calibrationInputs }: LabelScorerOptions): LabelScorer {
  const calibrationTexts: LabelScorer['calibrationTexts'] = (prompt, calibration = decodingOf(prompt).calibration) => {
    if (!task.labels || calibration === 'none') return [];
    if (!needsRows(calibration) || calibrationInputs.length > 0) {
      return inputsOf[calibration](prompt, calibrationInputs).map((values) => questionOf(prompt, values));
    }
    throw new TandemError('no-calibration-rows', `Calibration '${calibration}' needs rows, but there are none.`, {
      hint: 'Add training rows, or set `decoding: {calibration: content-free}`.',
    });
  };

  async function rawScores(texts: readonly string[], choices: readonly string[], call: Call): Promise<LabelScore[][]> {
    const result = new Array<LabelScore[]>(texts.length);
    // Labels after a prompt that ends in white space get no leading space. These few prompts are asked separately.
    for (const lead of ['', ' ']) {
      const places = [...texts.keys()].filter((place) => answerAfter(task, texts[place], '') === lead);
      const asked = places.map((place) => texts[place]);
      const scores = await outputs.labelScores(
        asked,
        choices.map((label) => lead + label),
        call,
      );
      places.forEach((place, at) => (result[place] = scores[at]));
    }
    return result;
  }

  return {
    calibrationTexts,
    async scoreChoices(prompt, texts, choices, call, calibration = decodingOf(prompt).calibration) {
      const raw = await rawScores([...texts, ...calibrationTexts(prompt, calibration)], choices, call);
      const { normalize } = decodingOf(prompt);
      const comparable = raw.map((scores) => normalized(scores, normalize));
      const bias = biasOf[calibration](comparable.slice(texts.length), choices.length);
      return texts.map((_, place) => ({ raw: raw[place], scores: subtract(comparable[place], bias) }));
    },
  };
}

/** What each calibration asks the model besides the rows. */
const inputsOf = {
  'content-free': (prompt: Prompt, rows: readonly Values[]) => contentFreeInputs(prompt, rows.at(0)),
  domain: (prompt: Prompt, rows: readonly Values[]) => domainInputs(prompt, rows),
  prior: (_: Prompt, rows: readonly Values[]) => rows,
};

/** What each calibration subtracts, given the scores of its inputs and the number of labels. */
const biasOf = {
  none: (_: readonly (readonly number[])[], labels: number): number[] => new Array<number>(labels).fill(0),
  'content-free': contentFreeBias,
  domain: priorBias,
  prior: priorBias,
};
