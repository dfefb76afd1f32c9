/** @file The line protocol of bench/peers/README.md: what a side prints, and how the benchmark starts a side and asks it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** The result of a repetition: a loss, log-probabilities or tokens. */
export type Check = number | readonly number[];

/** The minimum content of a side's JSON line. */
export interface Repetition {
  readonly seconds: number;
  readonly peak_rss_gb: number;
  /** Tandem's memory at most while it loaded the model, and after that. */
  readonly loading_gb?: number;
  readonly loaded_gb?: number;
  readonly own_cores: number;
  readonly other_cores: number;
  readonly check: Check;
}

/** A side's process ended before it was asked to. */
export class EndedEarly extends Error {
  readonly command: string;
  /** 'SIGKILL' or 'exit code 1'. */
  readonly how: string;

  constructor(command: string, args: readonly string[], how: string, log: string) {
    super(`${[command, ...args].join(' ')} ended early (${how}):\n${log}`);
    this.command = command;
    this.how = how;
  }
}

export interface Player {
  repeat(): Promise<Repetition>;
  end(): Promise<void>;
}

/**
 * Starts a side and waits until it is ready; its stderr is shown only if it fails.
 * @throws EndedEarly, here or from repeat()
 */
export async function player(command: string, args: readonly string[]): Promise<Player> {
  const child = spawn(command, args, { stdio: 'pipe', env: { ...process.env, HF_HUB_OFFLINE: '1' } });
  const exit = once(child, 'exit');
  // A side that died is reported by its error output, not by the broken pipe.
  child.stdin.on('error', () => {});
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-4000)));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const line = await lines.next();
    if (!line.done) return line.value;
    const [code, signal] = (await exit) as [number | null, NodeJS.Signals | null];
    throw new EndedEarly(command, args, signal ?? `exit code ${String(code)}`, log);
  };
  while ((await next()) !== 'ready');
  return {
    async repeat() {
      child.stdin.write('\n');
      return JSON.parse(await next()) as Repetition;
    },
    async end() {
      child.stdin.end();
      await exit;
    },
  };
}
