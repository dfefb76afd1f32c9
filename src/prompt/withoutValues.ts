/** @file A prompt without any row's values: the part that costs the same for every row. */
import { TandemError, type Place } from '../errors.ts';
import { languageOf } from './languages/table.ts';
import type { TemplateLanguage } from './languages/templateLanguage.ts';
import type { Prompt } from './prompt.ts';
import { columnsOf, messagesOf } from './template.ts';
import { mapScalars, type Value, type Values } from './values.ts';

/** The empty text for every column that a prompt reads. */
export function valuesOfNothing(prompt: Pick<Prompt, 'body' | 'syntax'>): Values {
  return Object.fromEntries(columnsOf(prompt).map((name) => [name, '']));
}

/**
 * The turns of a prompt with its variables replaced by nothing. If the template does not accept the empty text for a list or an
 * object, an empty one shaped like the row `like` is used. If it accepts neither, its tags are left out.
 */
export function messagesWithoutValues(prompt: Prompt, like: Values = {}, origin?: Place): ReturnType<typeof messagesOf> {
  const nothing = valuesOfNothing(prompt);
  const shaped = Object.fromEntries(Object.keys(nothing).map((name) => [name, Object.hasOwn(like, name) ? emptied(like[name]) : '']));
  return (
    tried(() => messagesOf(prompt, nothing, origin)) ??
    tried(() => messagesOf(prompt, shaped, origin)) ??
    messagesOf({ ...prompt, body: withoutTags(prompt.body, languageOf(prompt)) }, {})
  );
}

const emptied = (value: Value): Value => (Array.isArray(value) ? [] : mapScalars(value, () => ''));

function tried<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof TandemError && error.reason === 'bad-template') return undefined;
    throw error;
  }
}

/** The content of `{% raw %}` then looks like a tag and is removed too. */
function withoutTags(body: string, language: TemplateLanguage): string {
  const tags = language.tags(body);
  if (tags.length === 0) return body;
  let from = 0;
  const kept = tags.map(({ start, end }) => {
    const text = body.slice(from, start);
    from = end;
    return text;
  });
  return withoutTags(kept.join('') + body.slice(from), language);
}
