/** @file What a tool is. It knows nothing of the protocol: `server.ts` offers tools by it, and an editor can offer the same ones in its own way. */
import { readInput, type ObjectField, type ObjectSchema } from './fields.ts';
import type { WorkQueue } from './workQueue.ts';

export interface Tool extends ToolNames {
  readonly input: ObjectSchema;
  readonly output: ObjectSchema;
  /** @throws TandemError reason 'bad-input', and whatever is wrong with prompt, data or model */
  readonly answer: (input: unknown, context: ToolContext) => Promise<Answer<object>>;
}

interface ToolNames {
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** For agents: what it does, and when to use it. */
  readonly description: string;
  /** It keeps nothing: no numbers, no run, no model that it would have to download. */
  readonly readsOnly?: true;
}

/** A tool by the types of what it takes and gives. */
export interface ToolParts<I, O extends object> extends ToolNames {
  readonly input: ObjectField<I>;
  readonly output: ObjectField<O>;
  readonly answer: (input: I, context: ToolContext) => Promise<Answer<O>>;
}

/** The same twice: as a short text, and as data. */
export interface Answer<O extends object> {
  readonly text: string;
  readonly data: O;
}

/** Where a tool works, and how it is followed and stopped. */
export interface ToolContext {
  /** Absolute path of the folder that all paths must lie in. */
  readonly workspace: string;
  /** Metrics of prompt files that are JavaScript modules may run. */
  readonly allowModules: boolean;
  /** Does what takes long, in a process of its own. */
  readonly work: WorkQueue['work'];
  /** Aborting it stops the work: a run gracefully, a measurement at once. */
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** Hears what is being done, and which share of the whole is done where that is known. */
export type OnProgress = (what: string, share?: number) => void;

export const defineTool = <I, O extends object>({ input, output, answer, ...about }: ToolParts<I, O>): Tool => ({
  ...about,
  input: input.schema,
  output: output.schema,
  answer: (value, context) => answer(readInput(about.name, input, value), context),
});
