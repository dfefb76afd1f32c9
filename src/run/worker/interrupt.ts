/** @file Ends a model's work that is under way, between two runs of a graph: a stop must not wait for a phase, a measurement or a batch. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Executor } from '../../tensor/executor.ts';

/** Asked before each run of a graph; throws where the work is to end. Whoever drives the work sets it. */
export interface Interrupt {
  check: () => void;
}

export const noInterrupt = (): Interrupt => ({ check: () => {} });

/** The executor, whose graphs ask before each run; a stop that has come meanwhile is heard first. */
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
