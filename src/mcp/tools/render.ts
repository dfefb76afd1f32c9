/** @file The tool `render`: a prompt with one row in it, as the model gets it. */
import { portable } from '../../run/record/runDirectory.ts';
import type { RenderedStep, RenderOptions } from '../../run/render.ts';
import { splitWords } from '../../run/spec.ts';
import { choice, closed, list, object, optional, text, whole } from '../fields.ts';
import { modelFields, sessionAsked, type ModelInput } from '../inputs.ts';
import { followMeasurement } from '../outputs.ts';
import { defineTool } from '../tool.ts';

interface RenderInput extends ModelInput {
  readonly row?: number;
  readonly split?: RenderOptions['split'];
}

interface RenderedPrompt {
  readonly model: string;
  readonly split: RenderOptions['split'];
  readonly row: number;
  readonly rows: number;
  readonly file: string;
  readonly line: number;
  readonly steps: readonly Pick<RenderedStep, 'prompt' | 'output' | 'text' | 'tokens'>[];
}

export const render = defineTool<RenderInput, RenderedPrompt>({
  name: 'render',
  title: 'Render a prompt',
  description:
    'Show exactly what the model reads for one row: the prompt with the row filled in, the chat template and the special tokens. Nothing is measured. Use it to check placeholders, formatting and length before you evaluate. In a program, the earlier steps answer first.',
  readsOnly: true,
  input: closed<RenderInput>({
    ...modelFields,
    row: optional(whole('Which row of the split, counted from 1 (default 1).', 1)),
    split: optional(choice('The split that the row is from; val by default.', ['train', 'val', 'test'])),
  }),
  output: object<RenderedPrompt>({
    model: text('The model that it is rendered for.'),
    split: choice('The split that the row is from.', ['train', 'val', 'test']),
    row: whole('Which row of it.', 1),
    rows: whole('How many rows it has.'),
    file: text('The data file that the row is in.'),
    line: whole('Its line there.', 1),
    steps: list(
      'What is asked; of a program, step by step.',
      object({
        prompt: text('The prompt file.'),
        output: text('What the answer is called.'),
        text: text('What the model reads, special tokens included.'),
        tokens: whole('How many tokens that is.'),
      }),
    ),
  }),
  async answer({ row = 1, split = 'val', ...input }, { workspace, work, signal, onProgress, ...context }) {
    const spec = sessionAsked(input, { workspace, ...context });
    const rendered = await work('render', { spec, row, split, download: false }, { signal, onNotification: followMeasurement(onProgress) });
    const { model, rows, line } = rendered;
    const file = portable(workspace, rendered.file);
    const steps = rendered.steps.map(({ prompt, output, text, tokens }) => ({ prompt: portable(workspace, prompt), output, text, tokens }));
    const about = `${splitWords[split]} row ${row} of ${rows} (${file}:${line}) for ${model}`;
    return {
      text: steps.map(({ prompt, tokens, text }) => `${prompt} with ${about}: ${tokens} tokens\n\n${text}\n`).join('\n'),
      data: { model, split, row, rows, file, line, steps },
    };
  },
});
