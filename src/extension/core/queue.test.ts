/** @file Work that waits its turn. */
import { expect, test } from 'vitest';
import { makeQueue } from './queue.ts';

/** A queue that records what it works on, and what ends with the key 'end'. */
function recording(): { readonly worked: string[]; readonly queue: ReturnType<typeof makeQueue<string>>; readonly ended: Promise<void> } {
  const worked: string[] = [];
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  const queue = makeQueue<string>(async (key) => {
    worked.push(key);
    if (key === 'end') end();
  });
  return { worked, queue, ended };
}

test('a key that waits is worked on once, and urgent ones come first', async () => {
  const { worked, queue, ended } = recording();
  queue.add('a', 'b', 'c', 'b');
  queue.addFirst('c');
  queue.add('b', 'end');
  await ended;
  expect(worked).toEqual(['a', 'c', 'b', 'end']);
});

test('a key that is added while it is worked on is worked on again', async () => {
  const worked: string[] = [];
  await new Promise<void>((resolve) => {
    const queue = makeQueue<string>(async (key) => {
      worked.push(key);
      if (worked.length === 1) queue.add(key);
      else resolve();
    });
    queue.add('a');
  });
  expect(worked).toEqual(['a', 'a']);
});

test('a thousand keys let the event loop turn', async () => {
  const { worked, queue, ended } = recording();
  let turns = 0;
  let immediate = setImmediate(function count() {
    turns++;
    immediate = setImmediate(count);
  });
  queue.add(...Array.from({ length: 1000 }, (_, place) => String(place)), 'end');
  await ended;
  clearImmediate(immediate);
  expect(worked).toHaveLength(1001);
  expect(turns).toBeGreaterThan(500);
});

test('what waits when it is disposed of is not worked on', async () => {
  const { worked, queue } = recording();
  queue.add('a', 'b');
  queue.dispose();
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(worked).toEqual(['a']);
});
