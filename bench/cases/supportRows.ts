/** @file The training rows of examples/support, divided again. Some are set aside to judge the choices. */
import { resolve } from 'node:path';
import type { Row } from '../../src/data/dataset.ts';
import type { Task } from '../../src/evaluate/evaluation.ts';
import type { Prompt } from '../../src/prompt/prompt.ts';
import { randomStream } from '../../src/random.ts';
import { openSession } from '../../src/run/session.ts';
import { sessionDefaults } from '../../src/run/spec.ts';

export interface DividedRows {
  readonly task: Task;
  readonly prompt: Prompt;
  readonly train: readonly Row[];
  readonly val: readonly Row[];
  /** Rows that take no part in any choice. */
  readonly fresh: readonly Row[];
}

export async function supportRows(seed: number): Promise<DividedRows> {
  const prompt = resolve('examples/support/intent.prompt.md');
  const session = await openSession({ ...sessionDefaults, prompt, model: 'nano' }, { forgetful: true });
  const rows = randomStream('readings', seed).shuffle(session.trainset);
  const given = { task: session.evaluator.task, prompt: session.file.prompt };
  await session.dispose();
  return { ...given, train: rows.slice(0, 110), val: rows.slice(110, 170), fresh: rows.slice(170) };
}
