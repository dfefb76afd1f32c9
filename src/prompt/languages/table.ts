/** @file Every template language, one per line. */
import { inputs } from './inputs.ts';
import { jinja } from './jinja.ts';
import { skill } from './skill.ts';
import type { TemplateLanguage } from './templateLanguage.ts';

export const languages: TemplateLanguage[] = [inputs, jinja, skill];

/** The language of a body, by the name of its syntax. A plain text is in the language of `.prompt.md`. */
export function languageOf(template: string | { readonly syntax?: string }): TemplateLanguage {
  const syntax = typeof template === 'string' ? undefined : template.syntax;
  const language = languages.find((each) => each.syntax === syntax);
  if (!language) throw new Error(`no template language is called "${syntax}"`);
  return language;
}

/** The possible values of `Prompt.syntax`. */
export const syntaxNames = (): string[] => languages.flatMap(({ syntax }) => syntax ?? []);
