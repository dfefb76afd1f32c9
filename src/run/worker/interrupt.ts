/** @file Ends a model's current work between two runs of a graph, so that a stop need not wait for a phase, a measurement or a batch. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Executor } from '../../tensor/executor.ts';

/** Called before each run of a graph. Throws if the work must end. Set by whoever drives the work. */
export interface Interrupt {
  check: () => void;
}

export const noInterrupt = (): Interrupt => ({ check: () => {} });

/** The executor, whose graphs check before each run. A stop message that has arrived meanwhile is processed first. */
export function interruptible(executor: Executor, interrupt: Interrupt): Executor {
  return {
    ...executor,
    async compile(outputs) {
      const executable = await executor.compile(outputs);
      return {
        async run(feeds) {
          await turn();
          interrupt.check();
          return executable.run(feeds);
        },
        dispose: () => executable.dispose(),
      };
    },
  };
}
