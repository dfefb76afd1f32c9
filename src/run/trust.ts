/** @file What is not loaded from a workspace that is not trusted. */
import { TandemError } from '../errors.ts';
import { embeddedModel } from '../model/store/embedded.ts';
import type { PromptFile } from '../prompt/promptFile.ts';

/** The setting of the prompt file that names a model or an adapter that does not come with Tandem. */
export function foreignSetting({ settings }: PromptFile): 'adapter' | 'model' | undefined {
  if (settings.adapter !== undefined) return 'adapter';
  return settings.model === embeddedModel ? undefined : 'model';
}

/** @throws TandemError reason 'untrusted-workspace' */
export function requireNothingForeign(file: PromptFile): void {
  const foreign = foreignSetting(file);
  if (!foreign) return;
  // A program may have it from its last step.
  const { line, column } = file.ranges[foreign] ?? { line: 1, column: 1 };
  throw new TandemError('untrusted-workspace', `In Restricted Mode, Tandem does not load the ${foreign} that the prompt file names.`, {
    where: { file: file.path, line, column },
    hint: `Trust the workspace, or evaluate with \`model: ${embeddedModel}\` and no adapter.`,
  });
}
