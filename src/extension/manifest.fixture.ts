/** @file What follows from the table of prompt kinds in the manifest and in the schema of programs. VS Code reads both before any of our code runs. */
import { endingsOf, globsOf, isWholeName } from '../prompt/kinds/table.ts';
import { commandIds } from './ids.ts';

/** A command in a menu or on the keyboard. */
interface Offered {
  readonly command: string;
  readonly when: string;
}

interface Written {
  readonly activationEvents: readonly string[];
  readonly contributes: {
    readonly menus: Readonly<Record<string, readonly Offered[]>>;
    readonly keybindings: readonly Offered[];
    readonly yamlValidation: readonly { readonly fileMatch: readonly string[] }[];
  };
}

/** The manifest with what its prompt kinds make of it: when it activates, where its commands are offered, which files its schema is for. */
export function withPromptKinds<M extends Written>(manifest: M): M {
  const { activationEvents, contributes } = manifest;
  const search = 'workspaceContains:';
  const [first, ...others] = activationEvents.filter((event) => !event.startsWith(search));
  const named = <O extends Offered>(items: readonly O[]): O[] =>
    items.map((item) => ({ ...item, when: item.when.replace(/(?<=resourceFilename =~ )\/.*?\$\//, namesFor(item.command)) }));
  const menus = Object.fromEntries(Object.entries(contributes.menus).map(([menu, items]) => [menu, named(items)]));
  const keybindings = named(contributes.keybindings);
  const [schema, ...schemas] = contributes.yamlValidation;
  const fileMatch = endingsOf('steps').flatMap((ending) => (/\.ya?ml$/.test(ending) ? [`*${ending}`] : []));
  return {
    ...manifest,
    activationEvents: [first, ...globsOf().map((glob) => `${search}**/${glob}`), ...others],
    contributes: { ...contributes, menus, keybindings, yamlValidation: [{ ...schema, fileMatch }, ...schemas] },
  };
}

/** The part of a program's schema that says which files a step may name. */
interface ProgramSchema {
  readonly properties: {
    readonly steps: { readonly items: { readonly properties: { readonly prompt: Readonly<Record<string, unknown>> } } };
  };
}

/** The schema of programs with the names that prompt files may have. */
export function withPromptNames<S extends ProgramSchema>(schema: S): S {
  const { steps } = schema.properties;
  const { prompt } = steps.items.properties;
  const endings = endingsOf('prompt');
  const named = {
    ...prompt,
    pattern: namePattern(endings),
    patternErrorMessage: `Enter a prompt file. Its name ends in ${endings.join(' or ')}.`,
  };
  const items = { ...steps.items, properties: { ...steps.items.properties, prompt: named } };
  return { ...schema, properties: { ...schema.properties, steps: { ...steps, items } } };
}

/** Programs are optimized in one way only. */
const onSinglePrompts: readonly string[] = [commandIds.optimizeWith];

/** The names of the files that a command works on, as a pattern. A function's result is put in as it is, `$` included. */
const namesFor = (command: string) => (): string => `/${namePattern(endingsOf(onSinglePrompts.includes(command) ? 'prompt' : undefined))}/`;

/** `\.(prompt\.md|prompty)$`. A whole name such as SKILL.md is left out: most such files are nothing to Tandem, so they get no commands. */
export const namePattern = (endings: readonly string[]): string => {
  const own = endings.filter((ending) => !isWholeName(ending));
  return `\\.(${own.map((ending) => ending.slice(1).replaceAll('.', '\\.')).join('|')})$`;
};
