/** @file Works through keys one at a time and lets the event loop turn between them, so that a thousand block nobody. */
import { setImmediate as turn } from 'node:timers/promises';

export interface Queue<K> {
  /** Keys that already wait are not worked on twice. */
  add(...keys: readonly K[]): void;
  /** The same, before all others. */
  addFirst(...keys: readonly K[]): void;
  /** What waits is forgotten. */
  dispose(): void;
}

/** @param work must not throw */
export function makeQueue<K>(work: (key: K) => Promise<void>): Queue<K> {
  let waiting = new Set<K>();
  let isWorking = false;
  const workOff = async (): Promise<void> => {
    isWorking = true;
    while (waiting.size > 0) {
      const [key] = waiting;
      waiting.delete(key);
      await work(key);
      await turn();
    }
    isWorking = false;
  };
  const wait = (keys: Set<K>): void => {
    waiting = keys;
    if (!isWorking) void workOff();
  };
  return {
    add: (...keys) => wait(new Set([...waiting, ...keys])),
    addFirst: (...keys) => wait(new Set([...keys, ...waiting])),
    dispose: () => waiting.clear(),
  };
}
