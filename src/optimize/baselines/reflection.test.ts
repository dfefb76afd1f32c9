/** @file The published methods that write instructions use the writer, if there is one. */
import { expect, test } from 'vitest';
import { TandemError } from '../../errors.ts';
import type { Writer } from '../../model/writer.ts';
import type { OptimizationContext, OptimizationState } from '../coordinator.ts';
import type { OptimizationEvent } from '../events.ts';
import { memoryAdapters } from '../jointOptimization.ts';
import { evaluatorWith, messages } from '../madeUp.fixture.ts';
import { defaultObjective } from '../objective.ts';
import { gepa } from './gepa.ts';

const prompt = { body: 'Sort.\n\nMessage: ${input:message}\nIntent:\n', demonstrations: [] };

const contextWith = (writer: Writer, events: OptimizationEvent[] = []): OptimizationContext => ({
  // A row costs one token. Half of the rows are right, and all of them under an instruction that is better.
  evaluator: evaluatorWith(({ line }, { body }) => Number(line % 2 === 0 || body.includes('better'))),
  trainer: { outputColumn: 'intent' } as OptimizationContext['trainer'],
  adapters: memoryAdapters(),
  prompt,
  trainset: messages,
  valset: messages,
  objective: defaultObjective,
  seed: 1,
  budget: 200,
  writer,
  emit: (event) => void events.push(event),
});

async function drive(context: OptimizationContext): Promise<OptimizationState> {
  let state = await gepa().begin(context);
  // The state between phases is JSON, as after a kill.
  while (!state.done) state = await gepa().advance(context, JSON.parse(JSON.stringify(state)) as OptimizationState);
  return state;
}

test('GEPA-like: the writer reads the rows and its instruction is measured; its tokens do not count for the run', async () => {
  const asked: string[] = [];
  const writer: Writer = {
    name: 'a large model',
    write: async ([{ content }]) => {
      asked.push(content);
      return { text: '<think>Hm.</think>A better instruction.', cost: { tokensUsed: 0, outside: { tokens: 5000, requests: 1 } } };
    },
  };
  const events: OptimizationEvent[] = [];
  const { best, tokensUsed } = await drive(contextWith(writer, events));
  expect(best.prompt.body).toBe('A better instruction.\n\nMessage: ${input:message}\nIntent:\n');
  expect(best.score.mean).toBe(1);
  expect(asked[0]).toContain('This is wrong. The right answer is:');
  expect(tokensUsed).toBeLessThan(250);
  const [proposed] = events.flatMap((event) => (event.type === 'candidateProposed' ? [event] : []));
  expect(proposed.reason).toMatch(/^written by a large model from 3 rows/);
});

test('GEPA-like: it ends when the budget of the writer is spent, and continues after a failed request', async () => {
  let asked = 0;
  const failing = (reason: string): Writer => ({
    name: 'a large model',
    write: () => {
      asked++;
      return Promise.reject(new TandemError(reason, 'No.'));
    },
  });
  expect((await drive(contextWith(failing('writer-spent')))).done).toBe('the writer gives no more answers');
  expect(asked).toBe(1);
  asked = 0;
  expect((await drive(contextWith(failing('writer-refused')))).done).toBe('the budget is spent');
  expect(asked).toBeGreaterThan(1);
});
