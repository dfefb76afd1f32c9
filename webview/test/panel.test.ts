/** @file The built page in a browser, under its policy, with a real run's journal: what is visible, with mouse and keyboard. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ToPage } from '../../src/extension/panelMessages.ts';
import type { JournalLine } from '../../src/run/record/events.ts';
import { withTexts } from '../../src/run/words/rendered.fixture.ts';
import { journal, linesUntil, midway, run, snapshotAfter, summaries } from '../journal.fixture.ts';
import { chromiumFound, review, startHarness, type Harness, type Panel } from './harness.ts';

describe.skipIf(!chromiumFound)('the page of the panel', () => {
  let harness: Harness;
  let panel: Panel;
  beforeAll(async () => {
    harness = await startHarness();
  });
  afterAll(() => harness?.close());
  afterEach(async () => {
    const { complaints } = panel;
    await panel.close();
    expect(complaints).toEqual([]);
  });

  const runs: ToPage = { type: 'runs', runs: summaries, queue: [] };
  const opened = (lines: number, rest: Parameters<typeof snapshotAfter>[1] = {}): ToPage => ({
    type: 'opened',
    run,
    snapshot: snapshotAfter(lines, rest),
  });
  const linesOf = (lines: readonly JournalLine[]): ToPage => ({ type: 'lines', run, lines });

  const openEnded = async (rest: Parameters<typeof snapshotAfter>[1] = { review }): Promise<void> => {
    panel = await harness.open();
    await panel.tell(runs, opened(journal.length, rest));
    await panel.page.getByRole('heading', { name: 'Phases' }).waitFor();
  };
  const button = (name: string | RegExp) => panel.page.getByRole('button', { name });
  /** Resolves when the page has drawn: it draws one frame after a message or an action. */
  const drawn = (): Promise<unknown> =>
    panel.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
  const mainText = (): Promise<string> => panel.page.locator('main').innerText();

  describe('an ended run', () => {
    test('shows its numbers, phases, attribution and settings', async () => {
      await openEnded();
      const text = await mainText();
      for (const part of ['93.3%', '[86.7, 98.7] on 75 rows', 'The score rose by +41.3 points', '-10.5 points [-18.6, -3.5]', '>99.9%'])
        expect(text).toContain(part);
      expect(
        await panel.page
          .getByRole('listitem')
          .filter({ has: panel.page.locator('.phase-title') })
          .count(),
      ).toBe(5);
      expect(await panel.page.getByRole('table', { name: 'Old and new weights with old and new prompt' }).innerText()).toContain('89.5%');
      await button('Settings').click();
      await drawn();
      expect(await mainText()).toContain('SmolLM2-135M-Instruct.Q4_1');
    });

    test('shows text of other people as text, whatever it contains', async () => {
      panel = await harness.open();
      const evil = '<img src=x onerror="window.ran=1"><script>window.ran=1</script><a href="command:x">y</a>\u202e';
      const snapshot = withTexts(snapshotAfter(journal.length, { review, trouble: 'ended badly' }), evil);
      await panel.tell({ type: 'runs', runs: withTexts(summaries, evil), queue: [] }, { type: 'opened', run, snapshot });
      await panel.page.getByRole('heading', { name: 'Phases' }).waitFor();
      for (const phase of await button(/^Phase/).all()) await phase.click();
      await button('Settings').click();
      await drawn();
      const text = await mainText();
      expect(text.split('<img src=x').length).toBeGreaterThan(20);
      expect(text).not.toContain('\u202e');
      expect(await panel.page.locator('#page :is(img, script, a, iframe, object, embed)').count()).toBe(0);
    });

    test('phases open by keyboard, arrow keys move between them, and a candidate links to its diff', async () => {
      await openEnded();
      await button(/^Phase 2/).focus();
      await panel.page.keyboard.press('ArrowDown');
      await panel.page.keyboard.press('Enter');
      await drawn();
      expect(await button(/^Phase 3/).getAttribute('aria-expanded')).toBe('true');
      expect(await button(/^Phase 3/).evaluate((element) => element === document.activeElement)).toBe(true);
      const table = panel.page.getByRole('table', { name: 'Candidates of phase 3, best first' });
      expect(await table.getByRole('row').count()).toBe(12);
      await panel.said();
      await panel.page.keyboard.press('Tab');
      await panel.page.keyboard.press('Enter');
      expect(await panel.said()).toEqual([{ type: 'openDiff', run, candidate: '3.3' }]);
      await button(/^Phase 3/).focus();
      await panel.page.keyboard.press('Space');
      await drawn();
      expect(await table.count()).toBe(0);
    });

    test('changed predictions unfold under their phase', async () => {
      await openEnded();
      await button(/^Phase 2/).click();
      await button('Changed predictions: 32 better, 1 worse by accuracy').click();
      await drawn();
      const list = panel.page.locator('.changed-predictions');
      expect(await list.getByRole('listitem').count()).toBe(21);
      expect(await list.innerText()).toContain('lost or stolen card → change pin');
    });

    test('the arrow keys move through the points of a chart, which are read aloud', async () => {
      await openEnded();
      const chart = panel.page.getByRole('group', { name: /^The best accuracy over time/ });
      await chart.focus();
      await panel.page.keyboard.press('Home');
      const readout = chart.locator('.readout');
      expect(await readout.innerText()).toBe('start: best 38.7% [28.0, 49.3]');
      await panel.page.keyboard.press('ArrowRight');
      expect(await readout.innerText()).toBe('after phase 1, prompt, kept: best 48.0% [37.3, 60.0]');
      expect(await readout.getAttribute('aria-live')).toBe('polite');
      await panel.page.keyboard.press('Tab');
      expect(await readout.innerText()).toBe('at the end: best 93.3% [86.7, 98.7]');
    });

    test('a reload keeps the run that was shown and the sections that were open', async () => {
      await openEnded();
      await button(/^Phase 4/).click();
      const remembered = await panel.remembered();
      await panel.close();
      panel = await harness.open({ remembered });
      expect(await panel.said()).toEqual([{ type: 'ready', run }]);
      await panel.tell(runs, opened(journal.length));
      await button(/^Phase 4/).waitFor();
      expect(await button(/^Phase 4/).getAttribute('aria-expanded')).toBe('true');
      expect(await button(/^Phase 3/).getAttribute('aria-expanded')).toBe('false');
    });
  });

  describe('a run under way', () => {
    test('a run that is followed line by line gives the same page as one that is opened at its end', async () => {
      panel = await harness.open();
      await panel.tell(runs, opened(0, { live: true }));
      for (let from = 0; from < journal.length; from += 20) {
        await panel.tell(linesOf(journal.slice(from, from + 20)));
        await panel.page.waitForTimeout(20);
      }
      await panel.tell(opened(journal.length));
      await panel.page.getByText('Ended after').waitFor();
      const told = await panel.page.locator('main').innerHTML();
      await panel.close();
      await openEnded({});
      expect(told).toBe(await panel.page.locator('main').innerHTML());
    });

    test('shows the running phase, its loss so far, budget, time and memory', async () => {
      panel = await harness.open();
      await panel.tell(runs, opened(midway, { live: true }), { type: 'vitals', run, vitals: { memory: 1_912_000_000 } });
      await button(/^Phase 4.*Running/).waitFor();
      expect(await mainText()).toMatch(/75% of 400\.0k tokens · 11 min 5\d s so far · about 3 min \d\d s left · 1\.9 GB of memory/);
      await panel.page.getByText('Loss over 40 of 60 steps').waitFor();
      await panel.tell(linesOf(journal.slice(midway, midway + 5)));
      await panel.page.getByText('Loss over 45 of 60 steps').waitFor();
      expect(await panel.page.getByRole('progressbar').getAttribute('aria-valuenow')).toMatch(/^7\d$/);
    });

    test('a thousand steps leave open tables and the focus in them unchanged', async () => {
      panel = await harness.open();
      await panel.tell(runs, opened(midway, { live: true }));
      await button(/^Phase 3/).click();
      await button('3.7: show diff').focus();
      await panel.page.evaluate(() => (document.querySelector('.candidates')!.id = 'the same'));
      const step = journal[midway - 1];
      for (let batch = 0; batch < 10; batch++)
        await panel.tell(linesOf(Array.from({ length: 100 }, (_, i) => ({ ...step, seq: midway + 100 * batch + i }))));
      await panel.page.getByText('1040 steps').waitFor();
      expect(await panel.page.locator('[id="the same"]').count()).toBe(1);
      expect(await button('3.7: show diff').evaluate((element) => element === document.activeElement)).toBe(true);
    });

    test('stop is sent once, and the end of a phase is announced', async () => {
      panel = await harness.open();
      const phaseEnd = linesUntil((line) => line.type === 'phaseEnded' && line.phase === 4);
      await panel.tell(runs, opened(midway, { live: true }));
      await panel.said();
      await button('Stop').focus();
      await panel.page.keyboard.press('Space');
      await button('Stopping…').waitFor();
      await panel.page.keyboard.press('Enter');
      expect(await panel.said()).toEqual([{ type: 'stop', run }]);
      await panel.tell(linesOf(journal.slice(midway, phaseEnd)));
      await panel.page.getByRole('status').filter({ hasText: 'Phase 4, weights, not kept.' }).waitFor({ state: 'attached' });
    });

    test('after a gap in the lines, the page asks for the run again', async () => {
      panel = await harness.open();
      await panel.tell(runs, opened(10, { live: true }));
      await panel.said();
      await panel.tell(linesOf(journal.slice(12, 14)), linesOf(journal.slice(14, 16)));
      await expect.poll(() => panel.said()).toEqual([{ type: 'choose', run }]);
    });
  });

  describe('a run that was cut short', () => {
    test('says so, shows the last output of its process, and can be resumed', async () => {
      panel = await harness.open();
      await panel.tell(runs, opened(midway, { trouble: 'terminate called after throwing an instance of std::bad_alloc' }));
      await panel.page.getByText('Interrupted').waitFor();
      await panel.page.getByText('std::bad_alloc').waitFor();
      expect(await button(/^Phase 4.*Cut short/).count()).toBe(1);
      await panel.said();
      await button('Resume').click();
      expect(await panel.said()).toEqual([{ type: 'resume', run }]);
      await panel.tell(
        opened(midway, { live: true }),
        linesOf(
          journal.slice(
            0,
            linesUntil(({ type }) => type === 'phaseEnded'),
          ),
        ),
      );
      await button('Stop').waitFor();
      // The lines arrive after the page was opened.
      await expect.poll(() => panel.page.locator('.phase').count()).toBe(1);
    });
  });

  describe('the review', () => {
    test('hunks and adapter can be accepted or rejected one by one or all at once', async () => {
      await openEnded();
      await panel.said();
      const [first] = review.items;
      await button('Accept: Lines 10–11').click();
      expect(await panel.said()).toEqual([{ type: 'decide', run, items: [first.id], verdict: 'accept' }]);
      await drawn();
      expect(await button('Reject: Weights').getAttribute('aria-disabled')).toBe('true');
      const decided = {
        ...review,
        items: review.items.map((item) => (item === first ? { ...item, standing: 'accepted' as const } : item)),
      };
      await panel.tell(opened(journal.length, { review: decided }));
      await panel.page.getByText('3 of 4 undecided').waitFor();
      await button('Reject: Weights').focus();
      await panel.page.keyboard.press('Enter');
      expect(await panel.said()).toEqual([{ type: 'decide', run, items: ['adapter'], verdict: 'reject' }]);
      await panel.tell(opened(journal.length, { review: decided }));
      await drawn();
      await button('Accept All').click();
      expect(await panel.said()).toEqual([{ type: 'decide', run, items: ['2', '3', 'adapter'], verdict: 'accept' }]);
    });

    test('what was decided can be decided otherwise, and the review stays in reach', async () => {
      const standings = ['accepted', 'rejected', 'rejected', 'accepted'] as const;
      await openEnded({ review: { ...review, items: review.items.map((item, i) => ({ ...item, standing: standings[i] })) } });
      await panel.said();
      await panel.page.getByText('All 4 decided').waitFor();
      expect(await button(/^Accept: /).count()).toBe(2);
      expect(await button(/^Reject/).count()).toBe(0);
      await button('Revert: Weights').click();
      expect(await panel.said()).toEqual([{ type: 'decide', run, items: ['adapter'], verdict: 'takeBack' }]);
      await button('Review Again').click();
      expect(await panel.said()).toEqual([{ type: 'openReview', run }]);
    });

    test('changes that no longer fit say so and cannot be accepted', async () => {
      const items = review.items.map((item) => ({ ...item, standing: 'conflict' as const }));
      await openEnded({ review: { ...review, items } });
      expect(await panel.page.getByText('The file has changed here since the run').count()).toBe(4);
      expect(await button(/^Accept/).count()).toBe(0);
    });

    test('the editor’s diff, the report and the prompt file are one click away', async () => {
      await openEnded();
      await panel.said();
      await button('Review Changes').click();
      await button('Report').click();
      await button('intent.prompt.md').click();
      expect(await panel.said()).toEqual(['openReview', 'openReport', 'openPrompt'].map((type) => ({ type, run })));
    });
  });

  describe('which run', () => {
    test('another run can be chosen by keyboard', async () => {
      await openEnded();
      await panel.said();
      await panel.page.getByRole('combobox', { name: 'Run' }).focus();
      for (const key of ['Enter', 'ArrowDown', 'Enter']) await panel.page.keyboard.press(key);
      expect(await panel.said()).toEqual([{ type: 'choose', run: summaries[1].run }]);
    });

    test('without runs, the page explains what a run is and can start one', async () => {
      panel = await harness.open();
      await panel.tell({ type: 'runs', runs: [], queue: [] });
      await panel.said();
      await button('Optimize a Prompt').click();
      expect(await panel.said()).toEqual([{ type: 'start' }]);
    });

    test('a run that cannot be read says why', async () => {
      panel = await harness.open();
      await panel.tell(runs, { type: 'refused', run, message: 'This line of the journal is not JSON.' });
      await panel.page.getByRole('alert').filter({ hasText: 'This line of the journal is not JSON.' }).waitFor();
    });
  });
});
