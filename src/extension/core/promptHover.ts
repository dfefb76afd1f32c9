/** @file What the hover over a place of a prompt file says. */
import { placeAt, wholeVariableAt } from '../../prompt/placeAt.ts';
import type { PromptFile } from '../../prompt/promptFile.ts';
import { code, markup, ours, type Markdown } from '../../run/words/markdown.ts';
import type { Span } from '../../prompt/languages/templateLanguage.ts';
import { sampleText } from './columnValues.ts';
import { helpAt } from './completion.ts';
import type { DataSample } from './dataSample.ts';

export interface PromptHover {
  readonly span: Span;
  readonly text: Markdown;
}

/** Over a setting what it is for, over a variable and over the column to predict some of their values. */
export async function promptHover(
  { path, text, hasSettings, prompt: { syntax } }: PromptFile,
  offset: number,
  sample: () => Promise<DataSample | undefined>,
): Promise<PromptHover | undefined> {
  if (!hasSettings) return undefined;
  const variable = wholeVariableAt(text, offset, syntax);
  if (variable) return columnHover(variable.name, variable, await sample());
  const place = placeAt(text, offset, syntax);
  if (place?.kind === 'key') {
    const keys = [...place.within, place.name];
    const help = place.name === '' ? undefined : helpAt(path, keys);
    return help && help.about !== '' ? { span: place.span, text: markup`${code(keys.join('.'), 120)}\n\n${ours(help.about)}` } : undefined;
  }
  if (place?.kind !== 'value' || place.path.join('.') !== 'tandem.output') return undefined;
  return columnHover(text.slice(place.span.start, place.span.end).replaceAll(/^["']|["']$/g, ''), place.span, await sample());
}

const columnHover = (name: string, { start, end }: Span, sample: DataSample | undefined): PromptHover | undefined =>
  sample && { span: { start, end }, text: sampleText(name, sample) };
