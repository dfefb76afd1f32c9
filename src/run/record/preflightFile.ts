/** @file The result of the preflight before a run, in the run's directory. It is not part of the run, which would have been the same without it. */
import type { Outlook, Preflight, TargetOutlook } from '../../optimize/preflight.ts';
import { exactly, list, object, optional, text, whole, type Shape } from '../../shape.ts';
import { readVersioned, writeVersioned } from './jsonFile.ts';
import type { RunDirectory } from './runDirectory.ts';
import { difference, estimate } from './shapes.ts';

interface KeptPreflight extends Preflight {
  readonly version: 1;
}

const outlook: Shape<Outlook> = exactly('likely', 'unclear', 'unlikely');

const shape = object<KeptPreflight>({
  version: exactly(1),
  now: object<Preflight['now']>({ score: estimate, logLikelihood: optional(estimate) }),
  targets: list(
    object<TargetOutlook>({
      target: exactly('prompt', 'weights'),
      outlook,
      because: text,
      tried: whole,
      score: difference,
      logLikelihood: optional(difference),
    }),
  ),
  tokensUsed: whole,
});

/** @throws TandemError reasons 'bad-file', 'newer-version', 'not-a-file' */
export const readPreflight = ({ preflight }: RunDirectory): Preflight | undefined => readVersioned(preflight, 1, shape);

export const writePreflight = ({ preflight: file }: RunDirectory, preflight: Preflight): void =>
  writeVersioned(file, { version: 1, ...preflight } satisfies KeptPreflight);
