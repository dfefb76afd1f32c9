/** @file Work that does not end is stopped, and the error names it. */
import { expect, test } from 'vitest';
import { mapWithinTime, withinTime } from './timeLimit.ts';

const forever = (): never => {
  for (;;);
};
/** Takes very long on a text that it does not match. */
const endless = /^(\w+\s?)+#$/;
const text = 'the card is lost and the transfer has failed again';

test('work that ends in time gives its result or its error', () => {
  expect(withinTime({ what: 'It' }, () => 7)).toBe(7);
  const mine = new TypeError('mine');
  expect(() =>
    withinTime({ what: 'It' }, () => {
      throw mine;
    }),
  ).toThrow(mine);
});

test('a regular expression and a loop that do not end are stopped and named, and later work runs normally', { tags: 'long' }, () => {
  for (const work of [() => endless.test(text), forever]) {
    const begun = performance.now();
    expect(() => withinTime({ what: 'The pattern', hint: 'Do this.' }, work)).toThrow(
      expect.objectContaining({
        reason: 'too-slow',
        message: 'The pattern took more than 1 s, so Tandem stopped it.',
        hint: 'Do this.',
      }) as Error,
    );
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(withinTime({ what: 'It' }, () => 7)).toBe(7);
  }
});

test('only the item that does not end fails; work that is slow for other reasons may continue', { tags: 'long' }, () => {
  const begun: number[] = [];
  const work = (item: number): number => {
    begun.push(item);
    return item === 2 ? withinTime({ what: `The template of item ${item}` }, forever) : item;
  };
  expect(() => mapWithinTime([0, 1, 2, 3], work)).toThrow('The template of item 2 took more than 1 s');
  expect(begun.slice(0, 3)).toEqual([0, 1, 2]);
  expect(begun).not.toContain(3);
  const slowly = (item: number): number => {
    const end = performance.now() + 1300;
    while (performance.now() < end);
    return withinTime({ what: 'The template' }, () => item * 10);
  };
  expect(mapWithinTime([1, 2], slowly)).toEqual([10, 20]);
});

test('many items share one watchdog, whose cost per item is small', () => {
  const items = Array.from({ length: 20_000 }, (_, item) => item);
  let most = 0;
  for (let tries = 0; tries < 5; tries++) {
    const begun = performance.now();
    mapWithinTime(items, (item) => withinTime({ what: 'It' }, () => item));
    most = tries === 0 ? performance.now() - begun : Math.min(most, performance.now() - begun);
  }
  expect((most / items.length) * 1000).toBeLessThan(5);
});
