/** @file A source of models: which specs it claims, and how it opens the model that a spec names. */
import type { Executor } from '../../tensor/executor.ts';
import type { FormChoice } from '../frozen/table.ts';
import type { AddOptions } from '../store/store.ts';
import type { Texts } from '../texts.ts';
import type { OpenedModel } from '../trainableModel.ts';

/**
 * A spec is what people write: a path, a name, an id. A place is what a source resolves it to: also a text, which names the same model wherever it
 * is read, and which the source claims too.
 */
export interface ModelSource {
  readonly name: string;
  /** Decided by the text and the disk, without fetching anything. */
  claims(spec: string): boolean;
  /** Fetches what is not on this machine, unless that is disabled. @throws TandemError 'model-not-found', 'model-unavailable' and other reasons of `addModel`; an AbortError */
  locate(spec: string, options: LocateOptions): Promise<string>;
  /** Returns another text once the model at a place was replaced. */
  version(place: string): Promise<string>;
  /** The model's tokenizer and chat template, if possible without its weights. @throws TandemError as `open` */
  texts(place: string): Promise<{ readonly name: string; readonly texts: Texts }>;
  /** @throws TandemError whatever is wrong with the model */
  open(place: string, options: OpenOptions): Promise<OpenedModel>;
}

export interface LocateOptions extends AddOptions {
  /** Default: true. */
  readonly download?: boolean;
}

export interface OpenOptions {
  /** Runs the graphs of a model that is computed here. Called only by sources of such models. */
  readonly executor: () => Promise<Executor>;
  /** The form of the frozen matrices of a model that is computed here. Default: f32. */
  readonly weights?: FormChoice;
}
