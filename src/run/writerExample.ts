/** @file What a writer would be sent, as text, before anything is sent: the request itself, with the first training rows. */
import { openDataset } from '../data/openDataset.ts';
import { isModule } from '../prompt/answersNeeded.ts';
import { writtenRequest, mostFailures } from '../optimize/proposers/writtenRequest.ts';
import { stepsOf } from '../prompt/prompt.ts';
import { textIn } from '../prompt/values.ts';
import { openPrompt } from './openPrompt.ts';
import type { SessionSpec } from './spec.ts';

export interface WriterExample {
  /** The exact text of a request, but for which rows it shows and what the model answers. */
  readonly text: string;
  /** Rows of one request, at most. */
  readonly rows: number;
}

/** No model is loaded, and nothing is measured. @throws TandemError whatever is wrong with prompt file or data */
export async function writerExample({ prompt: path, skipBadRows }: Pick<SessionSpec, 'prompt' | 'skipBadRows'>): Promise<WriterExample> {
  const { file } = openPrompt(path);
  const { train } = await openDataset(file.settings, path, { skipBad: skipBadRows === true });
  const { output, labels, metric } = file.settings;
  const distinct = [...new Set(train.map(({ values }) => textIn(values, output).trim()))].sort();
  const failures = train.slice(0, shown).map(({ values }) => ({
    values,
    prediction: "(the model's answer)",
    ...(Object.hasOwn(values, output) && { gold: textIn(values, output) }),
  }));
  const task = {
    output,
    ...(labels && { labels: labels === 'from-data' ? distinct : labels }),
    metric: { name: isModule(metric) ? `your own (${metric})` : metric },
  };
  const messages = writtenRequest(stepsOf(file.prompt).at(-1)!, task, failures);
  return { text: messages.map(({ content }) => content).join('\n\n'), rows: mostFailures };
}

/** Rows in the example. */
const shown = 2;
