/** @file The built page of the answers in a browser, under its policy: filters, sorting, by mouse and by keyboard, and how it looks. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { AnswersFromPage, AnswersToPage } from '../../src/extension/answersMessages.ts';
import { answers, judgedAnswers, manyAnswers } from '../answers/answers.fixture.ts';
import { chromiumFound, startHarness, views, type Harness, type Panel } from './harness.ts';
import { shootReadable } from './shoot.ts';

const prompt = '/w/intent.prompt.md';
const message = (shown = answers, stale = false): AnswersToPage => ({
  type: 'answers',
  prompt,
  name: 'intent.prompt.md',
  answers: shown,
  stale,
});

describe.skipIf(!chromiumFound)('the page of the answers', () => {
  let harness: Harness;
  let panel: Panel<AnswersToPage, AnswersFromPage>;
  beforeAll(async () => {
    harness = await startHarness();
  });
  afterAll(() => harness?.close());
  afterEach(async () => {
    const { complaints } = panel;
    await panel.close();
    expect(complaints).toEqual([]);
  });

  const open = async (shown = answers, options: Parameters<Harness['open']>[0] = {}): Promise<void> => {
    panel = await harness.open<AnswersToPage, AnswersFromPage>({ bundle: 'answers', ...options });
    await panel.tell(message(shown));
    await table().waitFor();
    await panel.said();
  };
  const table = () => panel.page.getByRole('table', { name: 'Rows with their answers' });
  const button = (name: string | RegExp) => panel.page.getByRole('button', { name });
  const lines = async (): Promise<string[]> => table().locator('tbody tr td:first-child').allInnerTexts();

  test('wrong rows alone, rows with a text, rows of a cell, and all of them again', async () => {
    await open();
    await button('Only wrong').click();
    await expect.poll(lines).toEqual(['5', '12', '21']);
    expect(await button('Only wrong').getAttribute('aria-pressed')).toBe('true');
    await panel.page.getByRole('searchbox', { name: 'Search rows' }).fill('wallet');
    await expect.poll(lines).toEqual(['5', '21']);
    await panel.page.getByRole('status').filter({ hasText: '2 of 6 rows' }).waitFor();
    await button('Show all').last().click();
    await expect.poll(lines).toHaveLength(6);
    expect(await panel.page.getByRole('searchbox').inputValue()).toBe('');
    await button('2 rows: card lost answered as change pin').click();
    await expect.poll(lines).toEqual(['5', '21']);
    await button('Show all answers again, not only change pin for card lost').click();
    await expect.poll(lines).toHaveLength(6);
  });

  test('a heading sorts its column, and says so to a screen reader', async () => {
    await open();
    await button('Log-lik.').click();
    await expect.poll(lines).toEqual(['12', '5', '21', '9', '2', '17']);
    await button('Log-lik.').click();
    await expect.poll(lines).toEqual(['17', '2', '9', '21', '5', '12']);
    expect(await panel.page.getByRole('columnheader', { name: 'Log-lik.' }).getAttribute('aria-sort')).toBe('descending');
  });

  test('rows take the focus one after the other, Enter opens the line, and so does its number', async () => {
    await open();
    const focused = (): Promise<string | undefined> =>
      panel.page.evaluate(() => (document.activeElement as HTMLElement | null)?.dataset.line);
    await table().locator('tbody tr').first().focus();
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowUp']) await panel.page.keyboard.press(key);
    expect(await focused()).toBe('5');
    await panel.page.keyboard.press('Enter');
    await panel.page.keyboard.press('End');
    expect(await focused()).toBe('21');
    // One row alone can be reached by Tab.
    await expect.poll(() => table().locator('tbody tr[tabindex="0"]').count()).toBe(1);
    await button('Line 9: open in the data file').click();
    await table().locator('tbody tr').nth(3).hover();
    await button('Try the row in line 12 again').click();
    expect(await panel.said()).toEqual([
      { type: 'openRow', prompt, line: 5 },
      { type: 'openRow', prompt, line: 9 },
      { type: 'tryRow', prompt, line: 12 },
    ]);
  });

  test('10,000 rows are drawn and searched without freezing the page', async () => {
    await open(manyAnswers(10_000));
    expect(await table().getAttribute('aria-rowcount')).toBe('10001');
    const begun = Date.now();
    await panel.page.getByRole('searchbox').fill('wallet');
    await panel.page.getByText('Rows 1 to 100 of 5000').waitFor();
    await button('Next').click();
    await panel.page.getByText('Rows 101 to 200 of 5000').waitFor();
    expect(Date.now() - begun).toBeLessThan(5000);
    expect(await table().locator('tbody tr').count()).toBe(100);
  });

  test('what was chosen is remembered over a reload, and forgotten for another prompt', async () => {
    await open();
    await button('Only wrong').click();
    await expect.poll(lines).toHaveLength(3);
    const remembered = await panel.remembered();
    await panel.close();
    panel = await harness.open<AnswersToPage, AnswersFromPage>({ bundle: 'answers', remembered });
    expect(await panel.said()).toEqual([{ type: 'ready', prompt }]);
    await panel.tell(message());
    await expect.poll(lines).toHaveLength(3);
    await panel.tell({ ...message(), prompt: '/w/other.prompt.md' });
    await expect.poll(lines).toHaveLength(6);
  });

  test('what others wrote is text', async () => {
    const evil = '<img src=x onerror="window.ran=1"><a href="command:x">y</a>\u202e';
    const [first] = answers.rows;
    await open({
      ...answers,
      labels: undefined,
      rows: [{ ...first, inputs: { [evil]: evil, b: evil }, gold: evil, prediction: evil, feedback: evil }],
    });
    expect(await panel.page.locator('#page :is(img, a, iframe)').count()).toBe(0);
    expect(await table().innerText()).not.toContain('\u202e');
  });

  test('without answers there is a way to get them', async () => {
    panel = await harness.open<AnswersToPage, AnswersFromPage>({ bundle: 'answers' });
    await panel.said();
    await panel.tell({ type: 'none', prompt, name: 'intent.prompt.md', message: 'Evaluate the prompt.' });
    await button('Evaluate').click();
    expect(await panel.said()).toEqual([{ type: 'evaluate', prompt }]);
  });

  test.each(views)('$name', async ({ name: viewName, view }) => {
    await open(answers, view);
    const shoot = (name: string): Promise<void> => shootReadable(panel.page, `${name}-${viewName}`);
    await shoot('answers');
    await button('2 rows: card lost answered as change pin').click();
    await panel.tell({ type: 'stale', prompt, stale: true });
    await button('Evaluate Again').waitFor();
    await shoot('answers-chosen');
    await panel.tell(message(judgedAnswers));
    await button('Show all').last().click();
    await panel.page.getByText('It does not rhyme.').first().waitFor({ state: 'attached' });
    await shoot('answers-judged');
  });
});
