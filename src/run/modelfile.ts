/** @file The Modelfile from which `ollama create` makes a model. */
import { endsOf, withDefaults } from '../prompt/decoding.ts';
import { ownWords } from '../prompt/labelWords.ts';
import type { PromptFile } from '../prompt/promptFile.ts';
import { basename } from 'node:path';
import { visibleLine } from '../plain.ts';

/**
 * @param from what the Modelfile stands on, as paths that Ollama sees from its folder
 * @param prompt the prompt that the adapter was tuned with: says how texts and answers go
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

/** Which label an answer is, where that is not the label itself. */
const wordLines = ({ prompt }: PromptFile): string[] =>
  Object.entries(ownWords(prompt) ?? {}).map(
    ([label, words]) => `# The answer ${visibleLine(JSON.stringify(words))} is the label ${visibleLine(JSON.stringify(label))}.`,
  );

/** What the prompt file leaves to the training answers is not told where they are not known: the model ends its answers as it was taught. */
function promptLines({ settings: { template, decoding, labels } }: PromptFile): string[] {
  const { temperature, topP, seed, maxTokens, stop = [] } = { ...(labels && endsOf(template)), ...withDefaults(decoding) };
  const stops = [...new Set(labels ? ['\n', ...stop] : stop)];
  return [
    // A chat's template is the model's own, which Ollama knows from its file.
    ...(template === 'text' ? ['TEMPLATE """{{ .Prompt }}"""'] : []),
    `PARAMETER temperature ${labels ? 0 : temperature}`,
    `PARAMETER top_p ${topP}`,
    ...(maxTokens === undefined ? [] : [`PARAMETER num_predict ${maxTokens}`]),
    `PARAMETER seed ${seed}`,
    // One with quotes would end before its end, and what follows be read as a line of the Modelfile.
    ...stops.filter((stop) => !stop.includes('"""') && !stop.endsWith('"')).map((stop) => `PARAMETER stop ${quoted(stop)}`),
  ];
}

/** Ollama's parser takes what stands between as it is: it knows no escapes. */
const quoted = (text: string): string => `"""${text}"""`;
