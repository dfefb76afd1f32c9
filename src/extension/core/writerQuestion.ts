/** @file What a dialog says before rows are sent to a writer. */
import { consentText } from '../../run/writerConsent.ts';
import type { WriterExample } from '../../run/writerExample.ts';

/** Characters of the example in the dialog; a button shows all of it. */
const longestExample = 1500;

export function consentDetail({ text, rows }: WriterExample): string {
  const shown = text.length > longestExample ? `${text.slice(0, longestExample)}…` : text;
  return `${consentText(rows)}\n\n${shown}`;
}
