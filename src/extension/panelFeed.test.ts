/** @file What reaches the panel's page: a snapshot first, then lines in batches, of the run that is shown and of no other. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { JournalLine } from '../run/record/events.ts';
import { initialState } from '../run/record/state.ts';
import { makeFeed, type FeedSource } from './panelFeed.ts';
import type { RunSummary, Snapshot, ToPage } from './panelMessages.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const summary = (run: string): RunSummary => ({ run, prompt: 'intent.prompt.md', startedAt: '2026-01-01T00:00:00.000Z' });
const snapshot: Snapshot = { state: initialState, lines: 0, live: true };
const line = (seq: number): JournalLine => ({ version: 2, seq, at: seq, type: 'noticed', message: `line ${seq}` });

function feedOf(source: Partial<FeedSource> = {}, runs = ['new', 'old']) {
  const posted: ToPage[] = [];
  const feed = makeFeed({ runs: async () => runs.map(summary), queue: () => [], open: async () => snapshot, ...source }, (message) =>
    posted.push(message),
  );
  const take = (): ToPage[] => posted.splice(0);
  return { feed, take };
}

test('the newest run is opened, or the one that is asked for if there is one', async () => {
  const { feed, take } = feedOf();
  await feed.open();
  expect(take()).toEqual([
    { type: 'runs', runs: [summary('new'), summary('old')], queue: [] },
    { type: 'opened', run: 'new', snapshot },
  ]);
  expect(await feed.open('old')).toBe('old');
  expect(await feed.open('deleted since')).toBe('new');
  // Out of date before it was shown.
  const [first, second] = [feed.open('old'), feed.open('new')];
  expect(await Promise.all([first, second])).toEqual([undefined, 'new']);
});

test('where there is no run the page hears so, and lines of none', async () => {
  const { feed, take } = feedOf({}, []);
  await feed.open();
  feed.line('new', line(0));
  vi.runAllTimers();
  expect(take()).toEqual([{ type: 'runs', runs: [], queue: [] }]);
});

test('the page hears which jobs wait', async () => {
  const queue = [{ job: 3, title: 'Optimizing intent.prompt.md' }];
  const { feed, take } = feedOf({ queue: () => queue }, []);
  await feed.open();
  expect(take()).toEqual([{ type: 'runs', runs: [], queue }]);
});

test('lines go in batches, one every 100 ms', async () => {
  const { feed, take } = feedOf();
  await feed.open('new');
  take();
  for (let seq = 0; seq < 1000; seq++) feed.line('new', line(seq));
  expect(take()).toEqual([]);
  vi.advanceTimersByTime(100);
  const batches = take();
  expect(batches).toHaveLength(1);
  expect(batches[0]).toMatchObject({ type: 'lines', run: 'new', lines: { length: 1000 } });
  vi.advanceTimersByTime(1000);
  expect(take()).toEqual([]);
});

test('lines of another run are left out', async () => {
  const { feed, take } = feedOf();
  await feed.open('old');
  take();
  feed.line('new', line(0));
  feed.vitals('new', { memory: 1 });
  vi.runAllTimers();
  expect(take()).toEqual([]);
});

test('lines that come while a run is being opened follow its snapshot', async () => {
  let give: (snapshot: Snapshot) => void = () => {};
  const { feed, take } = feedOf({ open: () => new Promise((resolve) => (give = resolve)) });
  const opened = feed.open('new');
  await vi.advanceTimersByTimeAsync(0);
  feed.line('new', line(0));
  await vi.advanceTimersByTimeAsync(500);
  give(snapshot);
  await opened;
  expect(take().map(({ type }) => type)).toEqual(['runs', 'opened', 'lines']);
});

test('an opening that was overtaken by another tells nothing', async () => {
  const { feed, take } = feedOf();
  await Promise.all([feed.open('old'), feed.open('new')]);
  expect(take().filter(({ type }) => type === 'opened')).toEqual([{ type: 'opened', run: 'new', snapshot }]);
});

test('a run that cannot be read says why', async () => {
  const { feed, take } = feedOf({ open: () => Promise.reject(new Error('This line of the journal is not JSON.')) });
  await feed.open('new');
  feed.line('new', line(0));
  vi.runAllTimers();
  expect(take().slice(1)).toEqual([{ type: 'refused', run: 'new', message: 'This line of the journal is not JSON.' }]);
});

test('closed, it sends nothing until a run is opened again', async () => {
  const { feed, take } = feedOf();
  await feed.open('new');
  feed.line('new', line(0));
  feed.close();
  feed.line('new', line(1));
  vi.runAllTimers();
  expect(take().slice(2)).toEqual([]);
  await feed.open('new');
  expect(take().map(({ type }) => type)).toEqual(['runs', 'opened']);
});
