/** @file How many rows a run measures. */
import { describe, expect, test } from 'vitest';
import { affordableRows, fewRowsNotice, rowsNotice } from './rowPlan.ts';

describe('affordableRows', () => {
  const there = { val: 1500, test: 1500 };

  test('a measurement of the validation rows costs a sixtieth of the budget, the four of the test rows half of it', () => {
    expect(affordableRows(there, {}, 300_000, 40)).toEqual({ val: 125, test: 937 });
  });

  test('if rows are expensive there are 80 and 200, whatever they cost', () => {
    expect(affordableRows(there, {}, 300_000, 270)).toEqual({ val: 80, test: 200 });
    expect(affordableRows({ val: 75, test: 0 }, {}, 1000, 270)).toEqual({ val: 75, test: 0 });
  });

  test('a requested number of rows is measured', () => {
    expect(affordableRows({ val: 1000, test: 1500 }, { val: 1000 }, 300_000, 270)).toEqual({ val: 1000, test: 200 });
    expect(affordableRows({ val: 1500, test: 600 }, { test: 600 }, 300_000, 270)).toEqual({ val: 80, test: 600 });
  });
});

test('only rows that are left out are reported', () => {
  const there = { val: 100, test: 900 };
  expect(rowsNotice(there, there)).toBeUndefined();
  expect(rowsNotice(there, { val: 100, test: 200 })).toMatch(/^The run measures 200 of 900 test rows, as many /);
  expect(rowsNotice(there, { val: 80, test: 200 })).toMatch(
    /^The run measures 80 of 100 validation rows and 200 of 900 test rows, as many /,
  );
});

test('if chance decides, the notice says by how much a score can be off, or that nothing can be kept', () => {
  expect(fewRowsNotice({ val: 12 })).toMatch(
    /^Only 12 validation rows decide what is kept, and a score on so few can be off by 29 points\. Add rows/,
  );
  expect(fewRowsNotice({ val: 5 })).toMatch(
    /^A run cannot keep anything with 5 validation rows: telling a gain from chance needs at least 6\./,
  );
  expect(fewRowsNotice({ val: 1 })).toMatch(/^A run cannot keep anything with one validation row: /);
  expect(fewRowsNotice({ val: 20 })).toBeUndefined();
});
