/** @file Which answers are shown, in which order, and what is counted as confused. */
import { expect, test } from 'vitest';
import { answers, judgedAnswers, labels, manyAnswers } from './answers.fixture.ts';
import { chosenRows, confusionOf, pageOf, rowsPerPage, wholeView, type View } from './view.ts';

const lines = (change: Partial<View>, { rows } = answers): number[] =>
  chosenRows(rows, { ...wholeView, ...change }).map(({ line }) => line);

test('at first all rows are shown in the order of the data file', () => {
  expect(lines({})).toEqual([2, 5, 9, 12, 17, 21]);
});

test('wrong rows, those with a text, those of a cell, and all of it together', () => {
  expect(lines({ onlyWrong: true })).toEqual([5, 12, 21]);
  expect(lines({ search: ' WALLET ' })).toEqual([2, 5, 21]);
  expect(lines({ search: 'refund' })).toEqual([12, 17]);
  expect(lines({ search: 'rhyme' }, judgedAnswers)).toEqual([1]);
  const cell = { gold: 'card lost', prediction: 'change pin' };
  expect(lines({ cell })).toEqual([5, 21]);
  expect(lines({ cell, onlyWrong: true, search: 'machine' })).toEqual([]);
});

test('each column sorts, equal rows by their line; rows without a value are last either way', () => {
  const sorted = (by: View['sort']['by'], descending = false, from = answers): number[] => lines({ sort: { by, descending } }, from);
  expect(sorted('logLikelihood')).toEqual([12, 5, 21, 9, 2, 17]);
  expect(sorted('logLikelihood', true)).toEqual([17, 2, 9, 21, 5, 12]);
  expect(sorted('prediction')).toEqual([2, 12, 5, 9, 21, 17]);
  expect(sorted('right')).toEqual([5, 12, 21, 2, 9, 17]);
  expect(sorted('line', true)).toEqual([21, 17, 12, 9, 5, 2]);
  expect(sorted('feedback', false, judgedAnswers)).toEqual([1, 2]);
  expect(sorted('feedback', true, judgedAnswers)).toEqual([1, 2]);
});

test('rows come in pages, and the last one is shown where there are fewer', () => {
  const { rows } = manyAnswers(250);
  expect(pageOf(rows, { ...wholeView, page: 1 })).toMatchObject({ first: rowsPerPage, rows: { length: rowsPerPage } });
  expect(pageOf(rows, { ...wholeView, page: 9 })).toMatchObject({ first: 200, rows: { length: 50 } });
  expect(pageOf([], wholeView)).toEqual({ first: 0, rows: [] });
});

test('answers are counted by the right one and the given one', () => {
  expect(confusionOf(answers.rows, labels)).toEqual({
    labels,
    counts: [
      [1, 2, 0],
      [0, 1, 0],
      [1, 0, 1],
    ],
    others: 0,
  });
});

test('labels that never occur are left out, and of too many those that are confused least', () => {
  expect(confusionOf(answers.rows, [...labels, 'other']).labels).toEqual(labels);
  expect(confusionOf(answers.rows, labels, 2)).toMatchObject({ labels: ['card lost', 'change pin'], others: 1 });
});
