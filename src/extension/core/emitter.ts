/** @file Events as VS Code has them, for files that do not import it. */

export interface Disposable {
  dispose(): void;
}

/** Assignable to a `vscode.Event`. */
export type Event<T> = (listener: (value: T) => unknown) => Disposable;

export interface Emitter<T> {
  readonly event: Event<T>;
  fire(value: T): void;
}

export function makeEmitter<T>(): Emitter<T> {
  const listeners = new Set<(value: T) => unknown>();
  return {
    event: (listener) => {
      // A listener that is added twice is heard twice.
      const own = (value: T): unknown => listener(value);
      listeners.add(own);
      return { dispose: () => void listeners.delete(own) };
    },
    fire: (value) => {
      for (const listener of [...listeners]) listener(value);
    },
  };
}
