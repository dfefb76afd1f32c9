/**
 * @file A fake run whose prompts a writer writes: `node writingRun.js <run directory> <address of the server> [die after this many new lines]`.
 * Imported, it only makes the execution.
 */
import { isForGood, isWriterTrouble, type Writer } from '../model/writer.ts';
import { endpointWriter } from '../model/writers/endpoint.ts';
import type { Coordinator } from '../optimize/coordinator.ts';
import { randomStream } from '../random.ts';
import { executeRun, type Execution } from './execute.ts';
import { fakeCoordinator, fakeExecution } from './fakeRun.fixture.ts';
import { findRun, type RunDirectory } from './record/runDirectory.ts';

/** Requests of a phase. */
const drafts = 3;

export function writingExecution(directory: RunDirectory, writer: Writer, onLine: Execution['onLine'], budget = 10_000): Execution {
  const fake = fakeExecution(directory, onLine, 4);
  return {
    ...fake,
    config: { ...fake.config, writer: { name: writer.name, budget } },
    coordinator: writingCoordinator(fakeCoordinator(4)),
    writer: { writer, budget },
  };
}

/** Each phase proposes what the writer says, and ends as the fake one does. */
function writingCoordinator(fake: Coordinator): Coordinator {
  return {
    begin: (context) => fake.begin(context),
    async advance(context, state) {
      const phase = state.phase + 1;
      const random = randomStream(context.seed, 'drafts', phase);
      for (let draft = 1; draft <= drafts; draft++) {
        const content = `Phase ${phase}, after ${state.best.prompt.body}`;
        try {
          const { text } = await context.writer!.write([{ role: 'user', content }], {
            maxTokens: 100,
            temperature: 1,
            seed: random.integer(1000),
            ...(context.signal && { signal: context.signal }),
          });
          const prompt = { body: text, demonstrations: [] };
          context.emit({
            type: 'candidateProposed',
            phase,
            candidate: `${phase}.${10 + draft}`,
            proposer: 'written',
            reason: 'said',
            prompt,
          });
        } catch (error) {
          if (!isWriterTrouble(error)) throw error;
          if (isForGood(error)) break;
        }
      }
      return fake.advance(context, state);
    },
  };
}

const [path, url, dieAfter] = process.argv.slice(2);
if (url?.startsWith('http:')) {
  let lines = 0;
  const execution = writingExecution(findRun(path, path), endpointWriter({ url, model: 'm' }), (_, replayed) => {
    if (!replayed && ++lines === Number(dieAfter)) process.kill(process.pid, 'SIGKILL');
  });
  await executeRun(execution);
}
