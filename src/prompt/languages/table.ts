/** @file Every template language, one a line. */
import { inputs } from './inputs.ts';
import { jinja } from './jinja.ts';
import type { TemplateLanguage } from './templateLanguage.ts';

export const languages: TemplateLanguage[] = [inputs, jinja];

/** The language of a body, by the name of its syntax; a text alone is in the language of `.prompt.md`. */
export function languageOf(template: string | { readonly syntax?: string }): TemplateLanguage {
  const syntax = typeof template === 'string' ? undefined : template.syntax;
  const language = languages.find((each) => each.syntax === syntax);
  if (!language) throw new Error(`no template language is called "${syntax}"`);
  return language;
}

/** What `Prompt.syntax` may say. */
export const syntaxNames = (): string[] => languages.flatMap(({ syntax }) => syntax ?? []);
