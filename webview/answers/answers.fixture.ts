/** @file Answers for the tests of their page: a few rows of a task with three labels, and as many as are wanted. */
import type { AnsweredRow, Answers } from '../../src/run/record/answers.ts';

export const labels = ['card lost', 'change pin', 'refund'];

const texts = [
  'Someone took my wallet, and the card was in it.',
  'How do I get another number for the machine?',
  'I sent the shoes back a week ago. Where is my money?',
];

const row = (line: number, gold: string, prediction: string, logLikelihood: number): AnsweredRow => ({
  line,
  inputs: { message: texts[labels.indexOf(gold)] },
  gold,
  prediction,
  right: gold === prediction,
  score: Number(gold === prediction),
  logLikelihood,
});

const few = [
  row(2, 'card lost', 'card lost', -0.21),
  row(5, 'card lost', 'change pin', -2.75),
  row(9, 'change pin', 'change pin', -0.64),
  row(12, 'refund', 'card lost', -3.5),
  row(17, 'refund', 'refund', -0.08),
  row(21, 'card lost', 'change pin', -1.9),
];

const score = { mean: 0.5, low: 0.18, high: 0.81, rows: 6 };

/** When the answers are looked at. */
export const now = Date.parse('2026-11-24T10:18:30Z');

export const answers: Answers = {
  version: 1,
  textHash: '0',
  evaluation: {
    at: '2026-11-24T10:15:00Z',
    model: 'nano',
    metric: 'accuracy',
    split: 'val',
    score,
    logLikelihood: { ...score, mean: -1.513 },
  },
  labels,
  total: few.length,
  rows: few,
};

/** The same rows again and again, each in a line of its own. */
export const manyAnswers = (count: number): Answers => ({
  ...answers,
  total: count,
  rows: Array.from({ length: count }, (_, i) => ({ ...few[i % few.length], line: i + 1 })),
});

/** Free text that a metric of the user's own judges. */
export const judgedAnswers: Answers = {
  ...answers,
  labels: undefined,
  total: 2,
  rows: [
    { line: 1, inputs: { topic: 'rain', tone: 'glad' }, prediction: 'It rains.', right: false, score: 0.5, feedback: 'It does not rhyme.' },
    { line: 2, inputs: { topic: 'snow', tone: 'sad' }, prediction: 'Oh no, it is snow.', right: true, score: 1, cut: 'length' },
  ],
};
