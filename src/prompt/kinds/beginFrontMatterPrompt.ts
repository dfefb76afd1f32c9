/** @file The text of a new prompt file with front matter. */
import { quote } from '../editYaml.ts';
import type { FirstFile } from './promptKind.ts';

export function beginFrontMatterPrompt({ description, settings, body }: FirstFile): string {
  const lines = Object.entries(settings).flatMap(([name, value]: [string, string | Readonly<Record<string, string>>]) =>
    typeof value === 'string'
      ? [`  ${name}: ${quote(value)}`]
      : [`  ${name}:`, ...Object.entries(value).map(([key, text]) => `    ${quote(key)}: ${quote(text)}`)],
  );
  return ['---', `description: ${quote(description)}`, 'tandem:', ...lines, '---', body].join('\n');
}
