/** @file Items of a proposal are accepted one by one, in any order, into a text that may have been edited, and can be undone. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePromptFile } from '../prompt/readPrompt.ts';
import { applyPrompt } from '../prompt/writePrompt.ts';
import { proposedText, reviewItems, takeBack, takeOver, type Proposal } from './review.ts';
import type { Standing } from './verdicts.ts';

const before = `---
description: Route a message
tandem:
  data: data.jsonl
  output: intent
---
Read the message.

Answer with its intent.

Message: \${input:message}
Intent:
`;
const file = '/w/intent.prompt.md';
const settings = { adapter: '.tandem/adapters/intent-3f2a99aa' };

const proposalFor = (body: string, { model, demo = false }: { model?: string; demo?: boolean } = {}): Proposal => {
  const demonstrations = demo ? [{ inputs: { message: 'hello' }, output: 'greeting' }] : [];
  const prompt = applyPrompt(parsePromptFile(file, before), { body, demonstrations });
  const named = { ...settings, ...(model !== undefined && { model }) };
  const after = applyPrompt(parsePromptFile(file, prompt), { body, demonstrations }, named);
  return { file, before, prompt, after, adapter: { from: '/from', to: '/to', settings: named } };
};

const oldBody = before.slice(before.indexOf('Read'));
const newBody = oldBody.replace('Read the message.', 'Look at it.').replace('Intent:', 'Its intent:');
const proposal = proposalFor(newBody);
const withDemo = proposalFor(newBody, { demo: true, model: 'some-model' });
const standings = (of: Proposal, text: string, rejected: string[] = []): Record<string, Standing> =>
  Object.fromEntries(reviewItems(of, text, rejected).map(({ id, standing }) => [id, standing]));

test('the hunks are those of the prompt, and the adapter with its pointer is a separate item', () => {
  expect(standings(proposal, before)).toEqual({ 1: 'open', 2: 'open', adapter: 'open' });
  const hunks = reviewItems(withDemo, before).flatMap((item) => (item.kind === 'hunk' ? [item.after] : []));
  expect(hunks.join('')).not.toMatch(/adapter|model/);
  expect(hunks[0]).toContain('greeting');
});

test("the items of a program's step are named after the step, and belong to no other file", () => {
  const { adapter: _, ...ofFile } = proposal;
  const step = { ...ofFile, after: proposal.prompt, step: { place: 1, output: 'intent' } };
  expect(standings(step, before)).toEqual({ '2.1': 'open', '2.2': 'open' });
  const text = takeOver(step, before, ['2.2', '1.1', '1', 'adapter']);
  expect(standings(step, text, ['2.1'])).toEqual({ '2.1': 'rejected', '2.2': 'accepted' });
  expect(takeOver(proposal, before, ['2.2', '1.1'])).toBe(before);
  expect(takeBack(step, text, ['2.2', '1'])).toBe(before);
});

test('an accepted hunk is in the text, and the others stay open', () => {
  const text = takeOver(proposal, before, ['2']);
  expect(text).toBe(before.replace('Intent:', 'Its intent:'));
  expect(standings(proposal, text)).toEqual({ 1: 'open', 2: 'accepted', adapter: 'open' });
});

test('accepting the adapter writes its pointer, and its model if the run named one', () => {
  expect(takeOver(proposal, before, ['adapter'])).toBe(
    before.replace('output: intent\n', `output: intent\n  adapter: ${JSON.stringify(settings.adapter)}\n`),
  );
  const { settings: read } = parsePromptFile(file, takeOver(withDemo, before, ['adapter']));
  expect(read).toMatchObject({ ...settings, model: 'some-model', demos: [] });
});

test('a rejected item stays rejected unless the text has it anyway', () => {
  expect(standings(proposal, before, ['1'])).toEqual({ 1: 'rejected', 2: 'open', adapter: 'open' });
  expect(standings(proposal, takeOver(proposal, before, ['1']), ['1'])[1]).toBe('accepted');
});

test('an undo in the editor makes its items open again', () => {
  const text = takeOver(withDemo, before, ['1', 'adapter']);
  expect(standings(withDemo, text)).toMatchObject({ 1: 'accepted', adapter: 'accepted' });
  expect(standings(withDemo, before)).toMatchObject({ 1: 'open', adapter: 'open' });
});

test('a run that found nothing better has no items', () => {
  expect(reviewItems({ file, before, prompt: before, after: before }, before)).toEqual([]);
});

describe('whichever item comes first', () => {
  const moves = fc.array(fc.tuple(fc.constantFrom('1', '2', '3', 'adapter'), fc.boolean()), { maxLength: 12 });
  test.each([
    ['', proposal],
    [', with demonstrations where the pointer will stand', withDemo],
  ])('accepted items are accepted, and items that were taken back are open again%s', { tags: 'long' }, (_, of) => {
    fc.assert(
      fc.property(moves, (taken) => {
        const wanted = new Map<string, Standing>();
        let text = before;
        for (const [id, over] of taken) {
          text = (over ? takeOver : takeBack)(of, text, [id]);
          wanted.set(id, over ? 'accepted' : 'open');
          expect(standings(of, text)).toEqual(
            Object.fromEntries(reviewItems(of, before).map((item) => [item.id, wanted.get(item.id) ?? 'open'])),
          );
        }
        expect(proposedText(of, text, [])).toBe(of.after);
        expect(takeBack(of, text, ['1', '2', '3', 'adapter'])).toBe(before);
      }),
    );
  });
});

describe('a file that was edited since the run', () => {
  const edited = before.replace('Route a message', 'Route\n  a message').replace('Answer with its intent.', 'Answer with one intent.');

  test('keeps the edits; the items move with their lines', () => {
    const items = reviewItems(proposal, edited);
    expect(items.map(({ line }) => edited.split('\n')[line])).toEqual(['Read the message.', 'Intent:', '  output: intent']);
    const all = takeOver(proposal, edited, ['1', '2', 'adapter']);
    expect(all).toContain('Answer with one intent.');
    expect(all).toContain('Route\n  a message');
    const there = reviewItems(proposal, all);
    expect(there.map(({ line }) => all.split('\n')[line])).toEqual([
      'Look at it.',
      'Its intent:',
      `  adapter: ${JSON.stringify(settings.adapter)}`,
    ]);
    expect(takeBack(proposal, all, ['1', '2', 'adapter'])).toBe(edited);
  });

  test('on the lines of a hunk: that one conflicts and is left alone, the others are accepted', () => {
    const mine = before.replace('Read the message.', 'Read my message.');
    expect(standings(proposal, mine)).toEqual({ 1: 'conflict', 2: 'open', adapter: 'open' });
    expect(takeOver(proposal, mine, ['1', '2'])).toBe(mine.replace('Intent:', 'Its intent:'));
    expect(proposedText(proposal, mine, ['adapter'])).toBe(mine.replace('Intent:', 'Its intent:'));
  });

  test("an adapter that differs from the run's first one is not replaced", () => {
    const mine = before.replace('output: intent\n', 'output: intent\n  adapter: mine\n');
    expect(standings(proposal, mine)).toEqual({ 1: 'open', 2: 'open', adapter: 'conflict' });
    expect(takeOver(proposal, mine, ['adapter'])).toBe(mine);
  });

  test('a comment beside the pointer stays when more is accepted', () => {
    const mine = takeOver(proposal, before, ['adapter']).replace('3f2a99aa"\n', '3f2a99aa" # tuned on Monday\n');
    expect(takeOver(proposal, mine, ['1'])).toBe(mine.replace('Read the message.', 'Look at it.'));
  });

  test('so that its front matter is invalid: hunks of the body are still accepted', () => {
    const mine = before.replace('output: intent', 'output: [intent');
    expect(takeOver(proposal, mine, ['2'])).toBe(mine.replace('Intent:', 'Its intent:'));
  });
});
