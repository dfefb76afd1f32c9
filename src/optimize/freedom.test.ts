/** @file The curriculum of freedom: what each stage allows, and when the next one comes. */
import { describe, expect, test } from 'vitest';
import type { Prompt } from '../prompt/prompt.ts';
import { freedomOf, freedomStages, nextStage } from './freedom.ts';
import { defaultLora } from './loraTrainer.ts';

const [wording, lines, demonstrations] = freedomStages;
const prompt: Prompt = {
  body: 'Read the message.\nName its intent.\nOnly one.\n\nMessage: ${input:message}\nIntent:\n',
  demonstrations: [],
};
const edited = (edit: (body: string) => string): Prompt => ({ ...prompt, body: edit(prompt.body) });

describe('a prompt', () => {
  test('may first change in only a few lines', () => {
    const reworded = edited((body) => body.replace('Read', 'Look at').replace('Intent:', 'Answer:'));
    expect(freedomStages.map(({ allows }) => allows(prompt, reworded))).toEqual([true, true, true]);
    const rewritten = edited((body) => body.replace('Read', 'See').replace('Name', 'Give').replace('Only', 'Just'));
    expect(wording.allows(prompt, rewritten)).toBe(false);
    // Line endings and white space at the end are not edits.
    expect(
      wording.allows(
        prompt,
        edited((body) => body.replaceAll('\n', '\r\n').trimEnd()),
      ),
    ).toBe(true);
  });

  test('may then gain and lose lines', () => {
    const shorter = edited((body) => body.replace('Only one.\n', ''));
    expect(freedomStages.map(({ allows }) => allows(prompt, shorter))).toEqual([false, true, true]);
  });

  test('may finally have other demonstrations', () => {
    const shown = { ...prompt, demonstrations: [{ inputs: { message: 'Hello' }, output: 'greeting' }] };
    expect(freedomStages.map(({ allows }) => allows(prompt, shown))).toEqual([false, false, true]);
  });
});

test('the adapter grows from the top layers down to all of it; the penalties relax to the configured ones', () => {
  const of = freedomStages.map((stage) => freedomOf(stage, defaultLora, 6));
  expect(of).toEqual([
    { rank: 2, fromLayer: 4 },
    { rank: 4, fromLayer: 2 },
    { rank: 8, fromLayer: 0 },
  ]);
  expect(demonstrations.penalty).toBe(1);
  expect(wording.penalty).toBeGreaterThan(lines.penalty);
  // A model with one layer and a rank of one still has something to train.
  expect(freedomOf(wording, { ...defaultLora, rank: 1 }, 1)).toEqual({ rank: 1, fromLayer: 0 });
});

describe('the next stage', () => {
  const at = (stage: number, helped = true) => ({ stage, helped });
  test('comes with the budget, one at a time, and sooner with the root', () => {
    expect([0, 0.2, 0.4, 0.6].map((progress) => nextStage('linear', at(0), progress).stage)).toEqual([0, 1, 1, 1]);
    expect(nextStage('linear', at(1), 0.4).stage).toBe(2);
    expect(nextStage('root', at(0), 0.1).stage).toBe(1);
    expect(nextStage('linear', at(0), 0.1).stage).toBe(0);
  });
  test('self-paced, comes when a phase has gained nothing', () => {
    expect(nextStage('self-paced', at(0), 0.01).stage).toBe(0);
    expect(nextStage('self-paced', at(0, false), 0.01)).toEqual({ stage: 1, because: 'the last phase did not help' });
    expect(nextStage('self-paced', at(2, false), 0.01).stage).toBe(2);
  });
  test('is never an earlier one', () => expect(nextStage('linear', at(2), 0).stage).toBe(2));
});
