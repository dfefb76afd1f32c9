/** @file What several tools take: which prompt, on which model and rows. */
import { endingsOf } from '../prompt/kinds/table.ts';
import { sessionDefaults, type SessionSpec, type Split } from '../run/spec.ts';
import { choice, optional, text, whole, type FieldsOf } from './fields.ts';
import type { ToolContext } from './tool.ts';
import { modelInside, promptInside } from './workspace.ts';

export const promptField = text(
  `Path of the prompt file, relative to the workspace: a ${endingsOf('prompt').join(' or ')} file with a \`tandem:\` key that names its data, or a ${endingsOf('steps')[0]}.`,
);

export interface ModelInput {
  readonly prompt: string;
  readonly model?: string;
}

export const modelFields: FieldsOf<ModelInput> = {
  prompt: promptField,
  model: optional(
    text('Another model than the one that the prompt file names: an installed model, or a folder or .gguf file in the workspace.'),
  ),
};

export interface MeasureInput extends ModelInput {
  readonly rows?: number;
  readonly split?: Split;
}

export const measureFields: FieldsOf<MeasureInput> = {
  ...modelFields,
  rows: optional(whole('Measure on at most this many rows; by default on all. Fewer rows take less time and give wider intervals.', 2)),
  split: optional(
    choice(
      'val: the validation rows (default). test: the held-out test rows. Use test once, at the end, never to choose between prompts.',
      ['val', 'test'],
    ),
  ),
};

/** @throws TandemError what `promptInside` and `modelInside` throw */
export function measurementAsked({ rows, split = 'val', ...input }: MeasureInput, context: ToolContext): Asked {
  const spec = sessionAsked(input, context);
  return { spec: rows === undefined ? spec : { ...spec, rows: { [split]: rows } }, split };
}

export interface Asked {
  readonly spec: SessionSpec;
  readonly split: Split;
}

/** @throws TandemError what `promptInside` and `modelInside` throw */
export const sessionAsked = (
  { prompt, model }: ModelInput,
  { workspace, allowModules }: Pick<ToolContext, 'workspace' | 'allowModules'>,
): SessionSpec => ({
  ...sessionDefaults,
  prompt: promptInside(workspace, prompt),
  ...(model !== undefined && { model: modelInside(workspace, model) }),
  ...(allowModules && { allowModules }),
});
