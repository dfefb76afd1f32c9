/** @file The Modelfile from which `ollama create` makes a model. */
import { endsOf, withDefaults } from '../prompt/decoding.ts';
import { ownWords } from '../prompt/labelWords.ts';
import type { PromptFile } from '../prompt/promptFile.ts';
import { basename } from 'node:path';
import { visibleLine } from '../plain.ts';

/**
 * @param from what the Modelfile builds on, as paths relative to its folder
 * @param prompt the prompt that the adapter was tuned with, which determines the format of texts and answers
 */
export function modelfile(from: { readonly model: string; readonly adapter?: string }, prompt?: PromptFile): string {
  const lines = [
    '# Written by tandem export. In this folder:  ollama create my-model -f Modelfile',
    ...(prompt
      ? [`# Tuned with the prompt ${visibleLine(basename(prompt.path))}: give the model that prompt, filled in.`, ...wordLines(prompt)]
      : []),
    `FROM ${from.model}`,
    ...(from.adapter === undefined ? [] : [`ADAPTER ${from.adapter}`]),
    ...(prompt ? promptLines(prompt) : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** Which label an answer means, if it is not the label itself. */
const wordLines = ({ prompt }: PromptFile): string[] =>
  Object.entries(ownWords(prompt) ?? {}).map(
    ([label, words]) => `# The answer ${visibleLine(JSON.stringify(words))} is the label ${visibleLine(JSON.stringify(label))}.`,
  );

/** If the prompt file leaves the end to the training answers, which are not known here, nothing is written: the model ends its answers as trained. */
function promptLines({ settings: { template, decoding, labels } }: PromptFile): string[] {
  const { temperature, topP, seed, maxTokens, stop = [] } = { ...(labels && endsOf(template)), ...withDefaults(decoding) };
  const stops = [...new Set(labels ? ['\n', ...stop] : stop)];
  return [
    // A chat's template belongs to the model, and Ollama reads it from the model's file.
    ...(template === 'text' ? ['TEMPLATE """{{ .Prompt }}"""'] : []),
    `PARAMETER temperature ${labels ? 0 : temperature}`,
    `PARAMETER top_p ${topP}`,
    ...(maxTokens === undefined ? [] : [`PARAMETER num_predict ${maxTokens}`]),
    `PARAMETER seed ${seed}`,
    // Quotes in the text would end it early, and the rest would be parsed as a line of the Modelfile.
    ...stops.filter((stop) => !stop.includes('"""') && !stop.endsWith('"')).map((stop) => `PARAMETER stop ${quoted(stop)}`),
  ];
}

/** Ollama's parser takes the text between quotes literally: it has no escapes. */
const quoted = (text: string): string => `"""${text}"""`;
