/** @file Unnecessary parts of a prompt: which are found, in what order, at what cost. The made-up evaluator needs some lines and not others. */
import { describe, expect, test } from 'vitest';
import type { Prompt } from '../prompt/prompt.ts';
import type { OptimizationEvent } from './events.ts';
import { collectRunners } from './proposers/collect.ts';
import { promptKey } from './proposers/proposer.ts';
import { shorten, shortening, shortest } from './shorten.ts';
import { contextOfLines, evaluatorOfLines, line, rowsOf, type Asked, type WorthOfLines } from './worthOfLines.fixture.ts';

const question = 'Message: ${input:message}\nIntent:\n';
const promptOf = (lines: readonly string[], more: Partial<Prompt> = {}): Prompt => ({
  body: `${lines.join('\n\n')}\n\n${question}`,
  demonstrations: [],
  ...more,
});
const names = ['Alpha', 'Bravo', 'Charlie', 'Delta', 'Echo', 'Foxtrot', 'Golf', 'Hotel'];
/** Eight paragraphs of forty tokens. */
const long = promptOf(names.map((name) => line(name, 40)));
const leftOf = ({ body }: Prompt): string[] => names.filter((name) => body.includes(name));

interface Search {
  readonly prompt?: Prompt;
  readonly needs?: WorthOfLines;
  readonly rows?: number;
  readonly budget?: number;
  readonly known?: readonly Prompt[];
  readonly signal?: AbortSignal;
}

async function search({ prompt = long, needs = {}, rows = 40, budget = Infinity, known = [], signal }: Search = {}) {
  const events: OptimizationEvent[] = [];
  const asked: Asked[] = [];
  const valset = rowsOf(rows);
  const evaluator = evaluatorOfLines(() => needs, asked);
  const context = contextOfLines(evaluator, valset, { emit: (event) => events.push(event), ...(signal && { signal }) });
  const before = await evaluator.evaluate({ prompt }, valset);
  asked.length = 0;
  const collection = collectRunners(context, 3, prompt, [prompt, ...known].map(promptKey));
  const result = await shorten(context, collection, { phase: 3, prompt, adapter: undefined, before, peak: before, budget });
  return { found: result.measured, tokensUsed: result.tokensUsed, before, events, asked, collection };
}

describe('a prompt that needs none of its parts', () => {
  test('loses its whole instruction in one measurement, and keeps the question', async () => {
    const { found, asked, tokensUsed } = await search();
    expect(found!.prompt.body).toBe(question);
    expect(asked).toHaveLength(1);
    expect(tokensUsed).toBe(asked[0].tokensUsed);
    expect(found!.decision).toMatchObject({ accepted: true, because: expect.stringContaining('320 fewer prompt tokens') as string });
  });

  test('also loses its demonstrations, and the reason counts both', async () => {
    const demonstrations = ['one', 'two'].map((name) => ({ inputs: { message: line(name, 20) }, output: 'fees' }));
    const { found, events } = await search({ prompt: { ...long, demonstrations } });
    expect(found!.prompt).toEqual({ body: question, demonstrations: [] });
    expect(events[0]).toMatchObject({
      type: 'candidateProposed',
      candidate: '3.1',
      proposer: shortening,
      reason: 'without 8 parts of the instruction and 2 demonstrations',
    });
    expect(events[1]).toMatchObject({ type: 'candidateMeasured', candidate: '3.1', kept: true });
  });
});

describe('bisection', () => {
  test.each([[['Charlie']], [['Hotel']], [['Alpha', 'Hotel']], [['Bravo', 'Delta', 'Golf']], [names.filter((name) => name !== 'Echo')]])(
    'keeps %j, which are needed, and removes all others',
    async (needed) => {
      const { found } = await search({ needs: Object.fromEntries(needed.map((name) => [name, 0.5])) });
      expect(leftOf(found!.prompt)).toEqual(needed);
    },
  );

  test('finds nothing if everything is needed, and reports the cost', async () => {
    const { found, tokensUsed, asked, events } = await search({ needs: Object.fromEntries(names.map((name) => [name, 0.5])) });
    expect(found).toBeUndefined();
    expect(tokensUsed).toBe(asked.reduce((sum, each) => sum + each.tokensUsed, 0));
    expect(events.filter((event) => event.type === 'candidateMeasured' && event.kept)).toEqual([]);
  });

  test('removes what costs least first: of lines with small effects, those whose tokens cost more than their effect', async () => {
    // Forty tokens are worth 0.2 points: more than the gain of less than 0.02 nats, and less than that of more than 0.0001.
    const needs = Object.fromEntries(names.map((name, place) => [name, place % 2 === 0 ? 0.3 : 0.0001]));
    const { found } = await search({ needs });
    expect(leftOf(found!.prompt)).toEqual(names.filter((_, place) => place % 2 === 0));
  });

  test('splits a paragraph that is needed as a whole and keeps only the needed sentence', async () => {
    const prompt = promptOf([`${line('Alpha', 60)} ${line('Bravo', 60)} ${line('Charlie', 60)}`]);
    const { found } = await search({ prompt, needs: { Bravo: 0.5 } });
    expect(leftOf(found!.prompt)).toEqual(['Bravo']);
    expect(found!.prompt.body).toContain(question);
  });

  test('does not split a part that is too small to be worth a measurement', async () => {
    const small = 'Zulu yes. Yankee no.';
    const { found, collection } = await search({ prompt: promptOf([line('Alpha', 400), small]), needs: { Zulu: 0.5 } });
    expect(found!.prompt.body).toBe(`${small}\n\n${question}`);
    for (const { prompt } of collection.runners) expect(prompt.body.includes('Zulu')).toBe(prompt.body.includes('Yankee'));
  });

  test('keeps a needed demonstration among those that are removed', async () => {
    const shown = ['one', 'two', 'three', 'four'].map((name) => ({ inputs: { message: line(name, 60) }, output: 'fees' }));
    const { found } = await search({ prompt: promptOf([], { demonstrations: shown }), needs: { three: 0.5 } });
    expect(found!.prompt.demonstrations).toEqual([shown[2]]);
  });

  test('quotes a single part, shortened if it is long', async () => {
    const { events } = await search({ prompt: promptOf(['Be brief,  and\tnever use any word that a customer would not use.']) });
    expect(events[0]).toMatchObject({ reason: 'without "Be brief, and never use any word that a…"' });
  });
});

describe('its cost', () => {
  const needs = { Bravo: 0.5, Golf: 0.5 };

  test('is reported, and never exceeds the budget, whatever that is', { tags: 'long' }, async () => {
    const whole = await search({ needs });
    let least = Infinity;
    for (let share = 0; share <= 1; share += 0.1) {
      const budget = share * whole.tokensUsed;
      const { tokensUsed, asked, found } = await search({ needs, budget });
      expect(tokensUsed).toBe(asked.reduce((sum, each) => sum + each.tokensUsed, 0));
      expect(tokensUsed).toBeLessThanOrEqual(budget);
      const left = found ? leftOf(found.prompt).length : names.length;
      if (share === 0) expect(asked).toEqual([]);
      least = Math.min(least, left);
      if (found) for (const name of Object.keys(needs)) expect(found.prompt.body).toContain(name);
    }
    expect(least).toBeLessThan(names.length);
  });

  test('is limited by a clock that runs out', async () => {
    let questions = 0;
    const prompts = contextOfLines(
      evaluatorOfLines(() => needs),
      rowsOf(40),
    );
    const before = await prompts.evaluator.evaluate({ prompt: long }, prompts.valset);
    const measured: OptimizationEvent[] = [];
    const context = { ...prompts, emit: (event: OptimizationEvent) => void (event.type === 'candidateMeasured' && measured.push(event)) };
    const budget = (spent: number): number => (++questions > 1 ? spent : Infinity);
    const collection = collectRunners(context, 1, long, [promptKey(long)]);
    const { measured: found } = await shorten(context, collection, {
      phase: 1,
      prompt: long,
      adapter: undefined,
      before,
      peak: before,
      budget,
    });
    expect([found, measured.length]).toEqual([undefined, 1]);
  });

  test('is zero after a stop', async () => {
    const { asked, events, tokensUsed } = await search({ needs, signal: AbortSignal.abort() });
    expect([asked, events, tokensUsed]).toEqual([[], [], 0]);
  });

  test('does not include a prompt that lost before, which is not measured again', async () => {
    const again = await search({ known: [shortest(long)!] });
    expect(again.collection.runners.map(({ prompt }) => prompt.body)).not.toContain(question);
  });
});

test('on too few rows to decide, nothing is removed', async () => {
  const { found, events } = await search({ rows: 5 });
  expect(found).toBeUndefined();
  expect(events.some((event) => event.type === 'candidateMeasured' && event.kept)).toBe(false);
});

test('the same search emits the same events', async () => {
  const [one, other] = [await search({ needs: { Delta: 0.4 } }), await search({ needs: { Delta: 0.4 } })];
  expect(one.events.length).toBeGreaterThan(4);
  expect(other.events).toEqual(one.events);
  expect(other.asked).toEqual(one.asked);
});

describe('shortest', () => {
  test('is the prompt without instruction and demonstrations', () => {
    const demonstrations = [{ inputs: { message: 'Hello' }, output: 'card' }];
    expect(shortest({ ...long, demonstrations })).toEqual({ body: question, demonstrations: [] });
  });

  test('keeps the columns of a row, even in a line with other text', () => {
    const mixed = promptOf(['Be brief.\nThe customer is ${input:sender}.']);
    expect(shortest(mixed)!.body).toBe(`The customer is \${input:sender}.\n\n${question}`);
  });

  test('is undefined for a prompt that is only a question', () => {
    expect(shortest({ body: question, demonstrations: [] })).toBeUndefined();
  });
});
