/** @file What each place that a prompt changes contributes by itself, and the cost of measuring it. */
import { describe, expect, test } from 'vitest';
import type { Prompt } from '../prompt/prompt.ts';
import { changesBetween } from './changes.ts';
import type { Change, ChangedHunk } from './events.ts';
import { measureHunks } from './hunkNumbers.ts';
import { contextOfLines, evaluatorOfLines, line, rowsOf, type Asked, type WorthOfLines } from './worthOfLines.fixture.ts';

const question = 'Message: ${input:message}\nIntent:\n';
const promptOf = (lines: readonly string[]): Prompt => ({ body: `${lines.join('\n\n')}\n\n${question}`, demonstrations: [] });
const tokensOf = ({ body }: Prompt): number => body.split(/\s+/).filter((word) => word !== '').length;

const [alpha, bravo, charlie, delta] = ['Alpha', 'Bravo', 'Charlie', 'Delta'].map((name) => line(name, 40));
const from = promptOf([alpha, 'Here is the first rule.', bravo, 'Here is the second rule.', charlie]);
/** Without the first and last rules, and with another one in the middle. */
const to = promptOf(['Here is the first rule.', delta, 'Here is the second rule.']);

interface Asking {
  readonly needs?: WorthOfLines;
  readonly rows?: number;
  readonly affordable?: number;
  readonly changed?: Prompt;
  readonly signal?: AbortSignal;
}

async function numbers({ needs = {}, rows = 40, affordable = 1e9, changed = to, signal }: Asking = {}) {
  const asked: Asked[] = [];
  const valset = rowsOf(rows);
  const evaluator = evaluatorOfLines(() => needs, asked);
  const context = contextOfLines(evaluator, valset, signal && { signal });
  const evaluation = await evaluator.evaluate({ prompt: changed }, valset);
  asked.length = 0;
  const changes = changesBetween({ prompt: from }, { prompt: changed }, tokensOf);
  const state = { prompt: changed, adapter: undefined, evaluation };
  const measured = await measureHunks(context, { prompt: from }, state, changes, affordable);
  return { ...measured, before: changes, asked, evaluation };
}

const hunksOf = (changes: readonly Change[]): readonly ChangedHunk[] => changes.flatMap(({ hunks = [] }) => hunks);

describe('each place has its own numbers', () => {
  test('what is lost without it, and zero if it contributes nothing', async () => {
    const { changes } = await numbers({ needs: { Alpha: 0.4 } });
    const [first, middle, last] = hunksOf(changes);
    expect([first.before, middle.after.trim(), last.before]).toEqual([`${alpha}\n\n`, delta, `${charlie}\n\n`]);
    expect(first.own).toMatchObject({ rows: 40 });
    expect(first.own!.mean).toBeLessThan(-0.2);
    expect([middle.own!.mean, last.own!.mean]).toEqual([0, 0]);
  });

  test('what an inserted line contributes', async () => {
    const [first, middle, last] = hunksOf((await numbers({ needs: { Delta: 0.4 } })).changes);
    expect(middle.own!.mean).toBeGreaterThan(0.2);
    expect([first.own!.mean, last.own!.mean]).toEqual([0, 0]);
  });

  test('the tokens too, which add up to those of the whole', async () => {
    const { changes, evaluation } = await numbers();
    expect(hunksOf(changes).map(({ tokens }) => tokens)).toEqual([-40, 0, -40]);
    const sum = hunksOf(changes).reduce((all, { tokens = NaN }) => all + tokens, 0);
    expect(sum).toBe(evaluation.promptTokens - tokensOf(from));
    expect(changes).toMatchObject([{ part: 'instruction', tokens: sum }]);
  });

  test('from one measurement each, with all other places as they are', async () => {
    const { asked, tokensUsed } = await numbers();
    expect(asked.map(({ prompt }) => ['Alpha', 'Bravo', 'Charlie', 'Delta'].filter((name) => prompt.body.includes(name)))).toEqual([
      ['Alpha', 'Delta'],
      ['Bravo'],
      ['Charlie', 'Delta'],
    ]);
    expect(tokensUsed).toBe(asked.reduce((all, each) => all + each.tokensUsed, 0));
  });

  test('paragraphs of one deletion are measured separately', async () => {
    const changed = promptOf(['Here is the first rule.', bravo, 'Here is the second rule.', charlie].slice(0, 1));
    const { changes } = await numbers({ changed, needs: { Charlie: 0.4 } });
    const lost = hunksOf(changes).map(({ before, own }) => [before.split(' ')[0], own!.mean < 0]);
    expect(lost).toEqual([
      ['Alpha', false],
      ['Bravo', false],
      ['Here', false],
      ['Charlie', true],
    ]);
  });
});

describe('what it costs', () => {
  test('is never more than the limit; fewer rows are asked if it pays for fewer', async () => {
    const whole = await numbers();
    for (const share of [0.4, 0.5, 0.6, 0.75, 0.9, 1, 1.5]) {
      const affordable = share * whole.tokensUsed;
      const { tokensUsed, asked, changes } = await numbers({ affordable });
      expect(tokensUsed).toBeLessThanOrEqual(affordable);
      expect(tokensUsed).toBe(asked.reduce((all, each) => all + each.tokensUsed, 0));
      expect(asked.length).toBeGreaterThan(0);
      const rows = asked[0].rows;
      expect(rows).toBeLessThanOrEqual(Math.max(16, share * 1.5 * 40));
      for (const { own } of hunksOf(changes)) if (own) expect(own.rows).toBe(rows);
    }
  });

  test('goes to the longest places if it does not pay for sixteen rows of each, and is zero if it pays for none', async () => {
    const { evaluation, changes: all } = await numbers();
    const sixteen = (16 * evaluation.tokensUsed) / 40;
    expect((await numbers({ affordable: sixteen - 1 })).asked).toEqual([]);
    const { asked, changes: some } = await numbers({ affordable: 1.5 * sixteen });
    expect(asked.map(({ rows }) => rows)).toEqual([16]);
    const lengths = hunksOf(all).map(({ before, after }) => before.length + after.length);
    const longest = lengths.indexOf(Math.max(...lengths));
    expect(hunksOf(some).map(({ own }) => own !== undefined)).toEqual(lengths.map((_, place) => place === longest));
    expect((await numbers({ affordable: 3 * sixteen })).asked.length).toBeGreaterThan(0);
    const { changes, before, tokensUsed } = await numbers({ rows: 15 });
    expect([changes, tokensUsed]).toEqual([before, 0]);
  });

  test('is zero for a single change, which has the numbers of the decision', async () => {
    const changed = promptOf(['Here is the first rule.', bravo, 'Here is the second rule.', charlie]);
    const { changes, before, asked } = await numbers({ changed });
    expect(hunksOf(before)).toHaveLength(1);
    expect([changes, asked]).toEqual([before, []]);
  });

  test('is zero after a stop', async () => {
    const { changes, before, asked } = await numbers({ signal: AbortSignal.abort() });
    expect([changes, asked]).toEqual([before, []]);
  });
});

test('the rows are always the same, in the order of the valset', async () => {
  const affordable = 0.6 * (await numbers()).tokensUsed;
  const [one, other] = [await numbers({ affordable }), await numbers({ affordable })];
  expect(other.changes).toEqual(one.changes);
});
