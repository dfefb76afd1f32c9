/** @file What several tools give: numbers with their intervals, warnings, and the progress of a measurement. */
import type { Difference, Estimate } from '../optimize/events.ts';
import { rowCount } from '../run/words/format.ts';
import type { Measured } from '../run/words/measuredText.ts';
import { portable } from '../run/record/runDirectory.ts';
import { splitWords } from '../run/spec.ts';
import type { Notification } from '../run/worker/protocol.ts';
import { bound, list, number, object, text, whole, type Field, type FieldsOf } from './fields.ts';
import type { Asked } from './inputs.ts';
import type { OnProgress, ToolContext } from './tool.ts';

const ofMean: FieldsOf<Estimate> = {
  mean: bound('The mean over the rows.'),
  low: bound('Where the 95% interval of the mean begins.'),
  high: bound('Where it ends.'),
  rows: whole('How many rows were measured.'),
};

export const estimate = (description: string): Field<Estimate> => object<Estimate>(ofMean, description);

export const difference = (description: string): Field<Difference> =>
  object<Difference>(
    { ...ofMean, probabilityBetter: number('How probable it is that the difference is above zero, given the rows: 0 to 1.') },
    description,
  );

export const noticesField = list('Warnings about the prompt file and its data.', text('A warning.'));

/** `Notice: …`, each on a line of its own. */
export const noticeLines = (notices: readonly string[]): string => notices.map((notice) => `Notice: ${notice}\n`).join('');

/** What was measured, as people name it. */
export const measuredNames = ({ spec, split }: Asked, { workspace }: ToolContext, rows: number): Measured => ({
  name: portable(workspace, spec.prompt),
  rows: rowCount(rows, splitWords[split]),
});

/** Follows a measurement. @param notices gets its warnings */
export const followMeasurement =
  (onProgress: OnProgress, notices: string[] = []) =>
  (notification: Notification): void => {
    if (notification.type === 'noticed') notices.push(notification.message);
    if (notification.type !== 'busy') return;
    const { what, share } = notification;
    // A download has shares too: neither is a share of the whole.
    onProgress(share === undefined ? what : `${what}: ${Math.floor(100 * share)}%`);
  };
