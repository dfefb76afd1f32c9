/**
 * @file Whether rows of a workspace may go to a writer: agreed to once for each workspace and host. It is kept in the user's own folder, not
 * in the workspace: what comes with a workspace is no consent.
 */
import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { TandemError } from '../errors.ts';
import { tandemHome } from '../model/store/home.ts';
import { exactly, list, moment, object, text } from '../shape.ts';
import { destinationOf } from './chooseWriter.ts';
import { readVersioned, writeVersioned } from './record/jsonFile.ts';
import type { WriterChoice } from './spec.ts';

interface Consent {
  /** The workspace's folder, wherever links lead. */
  readonly workspace: string;
  /** Host and port, or whose model it is. */
  readonly host: string;
  /** ISO 8601. */
  readonly at: string;
}

interface Consents {
  readonly version: 1;
  readonly consents: readonly Consent[];
}

const shape = object<Consents>({ version: exactly(1), consents: list(object<Consent>({ workspace: text, host: text, at: moment })) });

/** Whether nothing has to be asked: it was agreed to before, or no rows leave. @throws TandemError of a damaged file */
export function hasConsent(workspace: string, choice: WriterChoice, home = tandemHome()): boolean {
  const host = destinationOf(choice);
  if (host === undefined) return true;
  const real = realpathSync(workspace);
  return readConsents(home).some((each) => each.workspace === real && each.host === host);
}

export function keepConsent(workspace: string, choice: WriterChoice, home = tandemHome(), now = new Date()): void {
  const host = destinationOf(choice);
  if (host === undefined || hasConsent(workspace, choice, home)) return;
  mkdirSync(home, { recursive: true });
  const consents = [...readConsents(home), { workspace: realpathSync(workspace), host, at: now.toISOString() }];
  writeVersioned(fileIn(home), { version: 1, consents } satisfies Consents);
}

/** What a request has in it. */
export const consentText = (rows: number): string =>
  `It receives the prompt, up to ${rows} training rows at a time with their right answers and the model's answers, and the edits that were tried. Validation and test rows are never sent. A request looks like this:`;

/** @throws TandemError reason 'no-writer-consent' */
export function requireConsent(choice: WriterChoice, given: boolean): void {
  const host = destinationOf(choice);
  if (host === undefined || given) return;
  throw new TandemError('no-writer-consent', `Sending rows of this workspace to ${host} needs your consent.`, {
    hint: 'Agree with --writer-consent, or run without a writer: --writer none.',
  });
}

const readConsents = (home: string): readonly Consent[] => readVersioned(fileIn(home), 1, shape, { links: 'followed' })?.consents ?? [];
const fileIn = (home: string): string => join(home, 'writers.json');
