/** @file The built page of Try It in a browser, under its policy: by mouse and by keyboard, and how it looks. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { TryItFromPage, TryItToPage } from '../../src/extension/tryItMessages.ts';
import { about, answer, labels, prompt, row, sides } from '../tryIt/tryIt.fixture.ts';
import { chromiumFound, startHarness, views, type Harness, type Panel } from './harness.ts';
import { shootReadable } from './shoot.ts';

describe.skipIf(!chromiumFound)('the page of Try It', () => {
  let harness: Harness;
  let panel: Panel<TryItToPage, TryItFromPage>;
  beforeAll(async () => {
    harness = await startHarness();
  });
  afterAll(() => harness?.close());
  afterEach(async () => {
    const { complaints } = panel;
    await panel.close();
    expect(complaints).toEqual([]);
  });

  const open = async (options: Parameters<Harness['open']>[0] = {}): Promise<void> => {
    panel = await harness.open<TryItToPage, TryItFromPage>({ bundle: 'tryIt', ...options });
    await panel.tell(prompt);
    await field('text').waitFor();
    await panel.said();
  };
  const field = (name: string) => panel.page.getByRole('textbox', { name });
  const button = (name: string) => panel.page.getByRole('button', { name, exact: true });

  test('what is typed is tried, by the button and by Ctrl+Enter, and compared with what was chosen', async () => {
    await open();
    await field('text').fill('seven');
    await button('Try').click();
    await panel.page.getByRole('combobox', { name: 'Compare with' }).selectOption('smollm2-135m');
    await field('place').fill('here');
    await field('place').press('Control+Enter');
    expect(await panel.said()).toEqual([
      { ...about, type: 'try', values: { text: 'seven', place: '' }, beside: { kind: 'adapter' } },
      { ...about, type: 'try', values: { text: 'seven', place: 'here' }, beside: { kind: 'model', model: 'smollm2-135m' } },
    ]);
  });

  test('a chosen row fills the fields, and what was typed is there again after a reload', async () => {
    await open();
    await field('place').fill('here');
    await panel.tell(row);
    await expect.poll(() => field('text').inputValue()).toBe('seven');
    await panel.page.getByText('Validation row in line 7. Right answer: odd').waitFor();
    const remembered = await panel.remembered();
    await panel.close();
    await open({ remembered });
    expect(await field('text').inputValue()).toBe('seven');
    expect(await field('place').inputValue()).toBe('here');
  });

  test('what others wrote is text', async () => {
    const evil = '<img src=x onerror="window.ran=1"><a href="command:x">y</a>\u202e';
    await open();
    const evilRow = { ...row, values: { text: evil }, from: evil, gold: evil };
    await panel.tell({ ...prompt, name: evil, models: [evil] }, evilRow);
    await panel.tell(sides({ kind: 'answered', answer: { ...answer, text: evil, labels: [{ label: evil, probability: 1 }] } }));
    await panel.page.getByRole('article').waitFor();
    expect(await panel.page.locator('#page :is(img, a, iframe)').count()).toBe(0);
    expect(await panel.page.getByRole('article').innerText()).not.toContain('\u202e');
  });

  test.each(views)('$name', async ({ name: viewName, view }) => {
    const shoot = (name: string): Promise<void> => shootReadable(panel.page, `${name}-${viewName}`);
    const article = (text: string) => panel.page.getByRole('article').filter({ hasText: text }).first();
    await open(view);
    await shoot('try-it');
    await panel.tell(
      { ...row, values: { text: 'The number of the house, written out: seven.', place: 'https://example.org/'.repeat(9) } },
      sides(
        { kind: 'answered', answer: { ...answer, labels } },
        {
          kind: 'answered',
          answer: {
            ...answer,
            weights: 'adapter',
            text: 'even',
            labels: labels.map(({ probability }, place) => ({ label: ['even', 'odd'][place], probability })),
          },
        },
      ),
    );
    await article('prompt tokens').waitFor();
    await shoot('try-it-answered');
    const long = { ...answer, text: 'donaudampfschifffahrtsgesellschaft'.repeat(4), earlier: [{ output: 'hint', text: 'not even' }] };
    await panel.tell(
      { ...prompt, name: `${'folder/'.repeat(12)}kind.prompt.md`, problem: 'There is no column "txt" in data/messages.jsonl.' },
      { ...sides({ kind: 'answered', answer: long }, { kind: 'failed', message: 'The prompt is too long for the model.' }), stale: true },
    );
    await article('too long').waitFor();
    await shoot('try-it-trouble');
    await panel.tell(sides({ kind: 'working', what: 'answering', text: 'ev' }, { kind: 'stopped' }));
    await button('Stop').waitFor();
    await shoot('try-it-working');
  });
});
