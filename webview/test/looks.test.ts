/** @file How the built page looks in the editor's default themes, narrow and wide: screenshots, and checks of what can be measured. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { journal, midway, run, snapshotAfter, summaries, withCurriculum } from '../journal.fixture.ts';
import { chromiumFound, review, startHarness, themes, views, type Harness } from './harness.ts';
import { shootReadable } from './shoot.ts';

describe.skipIf(!chromiumFound)('the page of the panel', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness();
  });
  afterAll(() => harness?.close());

  test.each(views)('$name', async ({ name: viewName, view }) => {
    const panel = await harness.open(view);
    const button = (name: string | RegExp) => panel.page.getByRole('button', { name });
    const shoot = (name: string): Promise<void> => shootReadable(panel.page, `${name}-${viewName}`);
    await panel.tell(
      { type: 'runs', runs: summaries, queue: [] },
      { type: 'opened', run, snapshot: snapshotAfter(journal.length, { review }) },
    );
    await button('Report').waitFor();
    await shoot('ended');
    await button(/^Phase 2/).click();
    await button(/^Phase 3/).click();
    await button('Changed predictions: 32 better').click();
    await button('Settings').click();
    await shoot('open');
    const grown = snapshotAfter(journal.length);
    await panel.tell({ type: 'opened', run, snapshot: { ...grown, state: withCurriculum(grown.state) } });
    await panel.page.getByRole('heading', { name: 'Curriculum' }).waitFor();
    await shoot('curriculum');
    const live = { type: 'opened', run, snapshot: snapshotAfter(midway, { live: true }) } as const;
    await panel.tell(live, { type: 'vitals', run, vitals: { memory: 1_912_000_000 } });
    await button('Stop').waitFor();
    await shoot('live');
    await panel.tell({ type: 'opened', run, snapshot: snapshotAfter(midway, { trouble: 'std::bad_alloc' }) });
    await button('Resume').waitFor();
    await shoot('cut-short');
    await panel.tell({ type: 'runs', runs: [], queue: [] });
    await button('Optimize a Prompt').waitFor();
    await shoot('empty');
    expect(panel.complaints).toEqual([]);
    await panel.close();
  });

  test('a chart adopts the colours of a new theme', async () => {
    const panel = await harness.open({ theme: 'light' });
    await panel.tell({ type: 'runs', runs: summaries, queue: [] }, { type: 'opened', run, snapshot: snapshotAfter(journal.length) });
    const picture = (): Promise<string> => panel.page.evaluate(() => document.querySelector('canvas')!.toDataURL());
    await panel.page.locator('canvas').first().waitFor();
    const before = await picture();
    await panel.useTheme('dark');
    await expect.poll(picture).not.toBe(before);
    const dark = await picture();
    await panel.useTheme('light');
    await expect.poll(picture).toBe(before);
    expect(dark).not.toBe(before);
    await panel.close();
  });
});

test('the editor sets every variable that the page uses', () => {
  const known = new Set(Object.values(themes).flatMap(({ variables }) => Object.keys(variables)));
  const folder = join(import.meta.dirname, '..');
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(css|ts)$/.test(name));
  for (const source of sources) {
    const named = readFileSync(join(folder, source), 'utf8').match(/--vscode-\w+(-\w+)*/g) ?? [];
    expect(
      named.filter((name) => !known.has(name)),
      source,
    ).toEqual([]);
  }
});
