/** @file The manifest says what the code means: the same ids, and a text for every key. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { endingsOf, globsOf } from '../prompt/kinds/table.ts';
import { variablesOf } from '../prompt/template.ts';
import { describeError, TandemError } from '../errors.ts';
import { formChoices } from '../model/frozen/table.ts';
import { adapterChoices } from '../model/stepAdapters.ts';
import { alternatingDefaults } from '../optimize/alternatingPhase.ts';
import { coordinateDefaults } from '../optimize/coordinatePhase.ts';
import { curricula, pacings } from '../optimize/curriculum.ts';
import { coordinators, executors, parseBudget, parseSchedule, sessionDefaults, strategies } from '../run/spec.ts';
import { vscodeLanguage } from './core/ownLanguage.ts';
import type { Ability } from './core/rows.ts';
import { wayQuestions, type WayQuestion } from './core/ways.ts';
import {
  colorIds,
  commandIds,
  contextKeys,
  mcpProviderId,
  ownLanguage,
  problemMatchers,
  settingIds,
  taskType,
  viewIds,
  walkthroughId,
  walkthroughSteps,
} from './ids.ts';
import { namePattern, withPromptKinds, withPromptNames } from './manifest.fixture.ts';

interface Property {
  readonly type: string;
  readonly default: unknown;
  readonly enum?: readonly string[];
  readonly enumItemLabels?: readonly string[];
  readonly pattern?: string;
  readonly scope: string;
  readonly order: number;
  readonly markdownDeprecationMessage?: string;
}
interface Manifest {
  readonly activationEvents: readonly string[];
  readonly extensionKind: readonly string[];
  readonly capabilities: {
    readonly untrustedWorkspaces: { readonly supported: string; readonly restrictedConfigurations: readonly string[] };
  };
  readonly contributes: {
    readonly commands: readonly {
      readonly command: string;
      readonly category: string;
      readonly icon: string;
      readonly enablement?: string;
    }[];
    readonly menus: Readonly<Record<string, readonly { readonly command: string; readonly when: string }[]>>;
    readonly keybindings: readonly { readonly command: string; readonly key: string; readonly mac: string; readonly when: string }[];
    readonly languages: readonly { readonly id: string; readonly configuration?: string; readonly filenamePatterns?: readonly string[] }[];
    readonly grammars: readonly { readonly language: string; readonly path: string }[];
    readonly snippets: readonly { readonly language: string; readonly path: string }[];
    readonly configurationDefaults: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    readonly configuration: readonly {
      readonly order: number;
      readonly title: string;
      readonly properties: Readonly<Record<string, Property>>;
    }[];
    readonly viewsContainers: { readonly activitybar: readonly { readonly id: string; readonly icon: string }[] };
    readonly views: Readonly<Record<string, readonly { readonly id: string }[]>>;
    readonly viewsWelcome: readonly { readonly view: string; readonly contents: string; readonly when?: string }[];
    readonly walkthroughs: readonly {
      readonly id: string;
      readonly steps: readonly {
        readonly id: string;
        readonly description: string;
        readonly media: { readonly image: Readonly<Record<'light' | 'dark' | 'hc' | 'hcLight', string>>; readonly altText: string };
        readonly completionEvents: readonly string[];
      }[];
    }[];
    readonly taskDefinitions: readonly { readonly type: string }[];
    readonly mcpServerDefinitionProviders: readonly { readonly id: string; readonly label: string }[];
    readonly problemMatchers: readonly {
      readonly name: string;
      readonly owner: string;
      readonly pattern: {
        readonly regexp: string;
        readonly file: number;
        readonly line?: number;
        readonly column?: number;
        readonly message: number;
      };
    }[];
    readonly colors: readonly { readonly id: string }[];
    readonly yamlValidation: readonly { readonly fileMatch: readonly string[]; readonly url: string }[];
  };
}

const root = join(import.meta.dirname, '..', '..');
const text = readFileSync(join(root, 'package.json'), 'utf8');
const manifest = JSON.parse(text) as Manifest;
const { extensionKind, capabilities, contributes } = manifest;
const properties = Object.assign({}, ...contributes.configuration.map((group) => group.properties)) as Record<string, Property>;

const texts = JSON.parse(readFileSync(join(root, 'package.nls.json'), 'utf8')) as Readonly<Record<string, string>>;
const textOf = (key: string): string => texts[key.slice(1, -1)];
/** The commands that a text has links to. */
const linked = (key: string): string[] => [...textOf(key).matchAll(/\(command:([\w.]+)/g)].map(([, command]) => command);

test('every text of the contributions is in package.nls.json, and nothing else is', () => {
  const keys = [...text.matchAll(/"%([^"%]+)%"/g)].map(([, key]) => key);
  expect([...new Set(keys)].sort()).toEqual(Object.keys(texts).sort());
});

describe('prompt kinds', () => {
  test('are those of the table where the manifest names files; `npm run manifest` writes them', () => {
    expect(manifest).toEqual(withPromptKinds(manifest));
    for (const glob of globsOf()) expect(manifest.activationEvents).toContain(`workspaceContains:**/${glob}`);
    const conditions = Object.values(contributes.menus).flatMap((items) => items.map(({ when }) => when));
    const patterns = conditions.flatMap((when) => [...when.matchAll(/resourceFilename =~ \/(.*?\$)\//g)].map(([, pattern]) => pattern));
    expect(new Set(patterns)).toEqual(new Set([namePattern(endingsOf()), namePattern(endingsOf('prompt'))]));
  });
});

describe('commands', () => {
  test('are known to the code, and have a category and an icon', () => {
    for (const { command, category, icon } of contributes.commands) {
      expect(Object.values<string>(commandIds)).toContain(command);
      expect(category).toBe('Tandem');
      expect(icon).toMatch(/^\$\([a-z-]+\)$/);
    }
  });

  test('are in the palette only where they can work', () => {
    const conditions = new Map(contributes.menus.commandPalette.map(({ command, when }) => [command, when]));
    for (const { command, enablement } of contributes.commands) {
      expect(conditions.get(command), command).toBeTruthy();
      for (const part of enablement?.split(' && ') ?? []) expect(conditions.get(command), command).toContain(part);
    }
  });

  test('hang on context keys that are set', () => {
    const conditions = [...Object.values(contributes.menus), contributes.keybindings]
      .flat()
      .map(({ when }) => when)
      .join(' ');
    const known = Object.values<string>({ ...contextKeys, ...viewIds });
    for (const [key] of conditions.matchAll(/tandem\.\w+/g)) expect(known).toContain(key);
  });
});

describe('keyboard shortcuts', () => {
  test('are of known commands, all behind one key, and each for itself', () => {
    const { keybindings } = contributes;
    for (const { command, key, mac } of keybindings) {
      expect(Object.values<string>(commandIds)).toContain(command);
      expect(key).toMatch(/^ctrl\+' [a-z]$/);
      expect(mac).toBe(key.replace('ctrl', 'cmd'));
    }
    expect(new Set(keybindings.map(({ key }) => key)).size).toBe(keybindings.length);
  });

  test('work only where their command can: on prompt files, during a job, in a review', () => {
    const conditions = Object.fromEntries(contributes.keybindings.map(({ command, when }) => [command, when]));
    const enablements = new Map(contributes.commands.map(({ command, enablement }) => [command, enablement]));
    for (const [command, when] of Object.entries(conditions)) {
      for (const part of enablements.get(command)?.split(' && ') ?? []) expect(when, command).toContain(part);
    }
    const { evaluate, optimize, acceptChange, rejectChange, nextChange, previousChange } = commandIds;
    for (const command of [evaluate, optimize]) expect(conditions[command]).toContain('editorTextFocus && resourceScheme == file');
    for (const command of [acceptChange, rejectChange, nextChange, previousChange])
      expect(conditions[command]).toContain(`editorTextFocus && ${contextKeys.reviewing}`);
  });
});

describe('settings', () => {
  test('are those that the code reads, in titled groups with an order and a scope', () => {
    expect(Object.keys(properties).sort()).toEqual(Object.values<string>(settingIds).sort());
    expect(contributes.configuration.map(({ order }) => order)).toEqual(contributes.configuration.map((_, place) => place + 1));
    for (const group of contributes.configuration) {
      const inGroup = Object.values(group.properties);
      expect(inGroup.map(({ order }) => order)).toEqual(inGroup.map((_, place) => place + 1));
      for (const { scope } of inGroup) expect(scope).toBeTruthy();
    }
  });

  test('are in docs/settings.md, in the same groups and order', () => {
    const page = readFileSync(join(root, 'docs', 'settings.md'), 'utf8');
    const documented = page
      .split(/^## /m)
      .slice(1)
      .map((section) => [section.split('\n')[0], [...section.matchAll(/^\| `(tandem\.[\w.]+)`/gm)].map(([, id]) => id)]);
    const inManifest = contributes.configuration.map((group) => [
      textOf(group.title),
      Object.entries(group.properties).flatMap(([id, { markdownDeprecationMessage }]) => (markdownDeprecationMessage ? [] : [id])),
    ]);
    expect(documented).toEqual(inManifest);
  });

  test('say in the same words as *Optimize With…* what there is to choose', () => {
    const labelsOf = (id: string): [string, string][] => {
      const { enum: values = [], enumItemLabels = [] } = properties[id];
      return values
        .map((value, place): [string, string] => [value, textOf(enumItemLabels[place])])
        .filter(([value]) => value !== 'default');
    };
    const set = { budget: '5m', tune: 'both', rows: 0, model: 'nano', warmStart: 'auto' } as const;
    const first = { coordinator: 'alternating', curriculum: 'data', pacing: 'linear', adapters: 'shared' } as const;
    const asked = (isProgram: boolean): WayQuestion[] =>
      wayQuestions({ set: { ...set, ...first }, isProgram, models: [], starts: [] }, { more: 'more' });
    for (const { key, choices } of [...asked(false), ...asked(true)]) {
      if (!Object.hasOwn(first, key) || choices.length === 1) continue;
      const labels = choices.map(({ value, label }): [string, string] => [value, label.replace(/^\$\([\w-]+\) /, '')]);
      expect(new Map(labelsOf(settingIds[key as keyof typeof first])), key).toEqual(new Map(labels));
    }
  });

  test('of a workspace give no leave and name no program, file or address', () => {
    for (const [id, { scope, type, pattern, ...property }] of Object.entries(properties)) {
      if (scope === 'machine') continue;
      const isChoice = property.enum !== undefined || pattern !== undefined || type === 'boolean' || type === 'integer';
      expect(isChoice, `${id} takes any text: its scope has to be "machine"`).toBe(true);
      expect(id).not.toMatch(/allow|trust|path|file|folder|command|program|module|home|url/i);
    }
    expect(properties[settingIds.allowModules].scope).toBe('machine');
  });

  test('allow what the engine understands', () => {
    const { coordinator, schedule, budget, strategy, executor } = settingIds;
    expect(properties[strategy].enum).toEqual(['default', ...strategies]);
    expect(properties[coordinator].enum).toEqual(['default', ...coordinators]);
    expect(properties[settingIds.curriculum].enum).toEqual([...curricula]);
    expect(properties[settingIds.pacing].enum).toEqual([...pacings]);
    expect(properties[settingIds.pacing].default).toBe(alternatingDefaults.pacing);
    expect(properties[settingIds.curriculum].default).toBe(alternatingDefaults.curriculum);
    expect(properties[settingIds.adapters].enum).toEqual([...adapterChoices]);
    expect(properties[settingIds.adapters].default).toBe(coordinateDefaults.adapters);
    expect(properties[executor].enum).toEqual(executors);
    expect(properties[settingIds.weights].enum).toEqual([...formChoices]);
    expect(properties[settingIds.weights].default).toBe(sessionDefaults.weights);
    parseBudget(properties[budget].default as string);
    for (const each of ['gated', 'classic', 'chain:p -> w -> p']) {
      expect(each).toMatch(new RegExp(properties[schedule].pattern!));
      parseSchedule(each);
    }
  });

  test('that a workspace must not set before it is trusted are restricted', () => {
    expect(extensionKind).toEqual(['workspace']);
    expect(capabilities.untrustedWorkspaces.supported).toBe('limited');
    for (const id of capabilities.untrustedWorkspaces.restrictedConfigurations) expect(properties).toHaveProperty([id]);
  });
});

test('our language for prompt files is no file’s by its name, and has a grammar, a configuration and the defaults of VS Code’s', () => {
  const language = contributes.languages.find(({ id }) => id === ownLanguage);
  expect(Object.keys(language ?? {}).sort()).toEqual(['aliases', 'configuration', 'icon', 'id']);
  const files = [language?.configuration, contributes.grammars.find((grammar) => grammar.language === ownLanguage)?.path];
  for (const file of [...files, ...contributes.snippets.map(({ path }) => path)]) JSON.parse(readFileSync(join(root, file!), 'utf8'));
  expect(contributes.snippets.map((each) => each.language)).toEqual([vscodeLanguage]);
  expect(contributes.configurationDefaults[`[${ownLanguage}]`]).toMatchObject(contributes.configurationDefaults[`[${vscodeLanguage}]`]);
  expect(manifest.activationEvents).toContain(`onLanguage:${vscodeLanguage}`);
});

describe('views', () => {
  const { viewsContainers, views, viewsWelcome, menus } = contributes;

  test('are those that the code fills, in one container, and each says what to do while it is empty', () => {
    const [{ id, icon }] = viewsContainers.activitybar;
    expect(views[id].map((view) => view.id)).toEqual(Object.values(viewIds));
    expect(existsSync(join(root, icon))).toBe(true);
    for (const view of Object.values(viewIds)) expect(viewsWelcome.map((welcome) => welcome.view)).toContain(view);
    for (const { contents } of viewsWelcome) expect(linked(contents).filter(isUnknown)).toEqual([]);
  });

  test('offer for a row what the row can, and nothing that tunes before the workspace is trusted', () => {
    const abilities: readonly Ability[] = [
      'beMeasured',
      'beTuned',
      'beTunedInWays',
      'beStopped',
      'beResumed',
      'beRead',
      'beReviewed',
      'beExported',
      'beRemoved',
    ];
    const conditions = menus['view/item/context'].map(({ when }) => when);
    const named = conditions.flatMap((when) => [...when.matchAll(/viewItem =~ \/(\w+)\//g)].map(([, ability]) => ability));
    expect([...new Set(named)].sort()).toEqual([...abilities].sort());
    for (const when of conditions) if (/beTuned|beResumed|beReviewed/.test(when)) expect(when).toContain('isWorkspaceTrusted');
  });
});

test('the walkthrough has a picture for each step in each kind of theme, and steps that end with what contexts.ts tells', () => {
  const [{ id, steps }] = contributes.walkthroughs;
  expect(id).toBe(walkthroughId);
  expect(Object.fromEntries(steps.map((step) => [step.id, step.completionEvents]))).toEqual(
    Object.fromEntries(Object.entries(walkthroughSteps).map(([step, key]) => [step, [`onContext:${key}`]])),
  );
  for (const { description, media } of steps) {
    // The editor asks for all four kinds of theme.
    expect(Object.keys(media.image).sort()).toEqual(['dark', 'hc', 'hcLight', 'light']);
    for (const picture of Object.values(media.image)) expect(existsSync(join(root, picture)), picture).toBe(true);
    expect(linked(description)).toHaveLength(1);
    expect(linked(description).filter(isUnknown)).toEqual([]);
  }
});

/** Of Tandem, but not in the table; others are the editor's. */
const isUnknown = (command: string): boolean => command.startsWith('tandem.') && !Object.values<string>(commandIds).includes(command);

describe('tasks', () => {
  test('are of the type that the provider has', () => {
    expect(contributes.taskDefinitions.map(({ type }) => type)).toEqual([taskType]);
    expect(contributes.problemMatchers.map(({ name }) => `$${name}`)).toEqual(problemMatchers);
    // A task clears what its owner found before, which must not be what the extension found.
    for (const { owner } of contributes.problemMatchers) expect(owner).not.toBe('tandem');
  });

  test.each([
    ['/w/a b/kind.prompt.md', { line: 6, column: 9 }],
    ['C:\\w\\rows.jsonl', { line: 12 }],
    ['/w/rows.jsonl', {}],
  ])('find %s %o in what the command line says', (file, place) => {
    const [said] = describeError(new TandemError('any', 'It is: wrong.', { where: { file, ...place }, hint: 'Mend it.' })).split('\n');
    const read = contributes.problemMatchers.flatMap(({ pattern }) => {
      const found = new RegExp(pattern.regexp).exec(said);
      const at = (group?: number): string | undefined => (found && group !== undefined ? found[group] : undefined);
      return found ? [{ file: at(pattern.file), line: at(pattern.line), column: at(pattern.column), message: at(pattern.message) }] : [];
    });
    const texts = {
      line: undefined,
      column: undefined,
      ...Object.fromEntries(Object.entries(place).map(([key, at]) => [key, String(at)])),
    };
    expect(read).toEqual([{ file, ...texts, message: 'It is: wrong.' }]);
  });

  test('take no line of progress for a problem', () => {
    const said = [
      'Loading the model …',
      'Notice: 3 rows were left out',
      'kind.prompt.md with tiny, 40 validation rows',
      '  phase 1, weights: kept',
    ];
    for (const { pattern } of contributes.problemMatchers) for (const line of said) expect(line).not.toMatch(new RegExp(pattern.regexp));
  });
});

test('the MCP server is offered by the provider that the code registers', () => {
  expect(contributes.mcpServerDefinitionProviders.map(({ id }) => id)).toEqual([mcpProviderId]);
});

test('colors are those that the code uses', () => {
  expect(contributes.colors.map(({ id }) => id).sort()).toEqual(Object.values<string>(colorIds).sort());
});

describe('the schema of tandem.program.yaml', () => {
  interface Schema {
    readonly description?: string;
    readonly pattern?: string;
    readonly const?: unknown;
    readonly type?: string;
    readonly items?: Schema;
    readonly properties?: Readonly<Record<string, Schema>>;
    readonly required?: readonly string[];
    readonly additionalProperties?: boolean;
    readonly examples?: readonly unknown[];
  }
  const [{ fileMatch, url }] = contributes.yamlValidation;
  const schema = JSON.parse(readFileSync(join(root, url), 'utf8')) as Schema;

  /** As much of JSON Schema as the file uses. */
  const holds = ({ type, pattern, properties = {}, required = [], items, ...rest }: Schema, value: unknown): boolean => {
    if ('const' in rest) return value === rest.const;
    if (type === 'string') return typeof value === 'string' && new RegExp(pattern ?? '').test(value);
    if (type === 'array') return Array.isArray(value) && value.length > 0 && value.every((each) => holds(items!, each));
    if (typeof value !== 'object' || value === null) return false;
    const known = Object.entries(value).every(([key, each]) => Object.hasOwn(properties, key) && holds(properties[key], each));
    return known && required.every((key) => Object.hasOwn(value, key));
  };

  test('is for that file, and says of every key what it is', () => {
    expect(fileMatch).toEqual(['*.program.yaml', '*.program.yml']);
    expect(schema).toEqual(withPromptNames(schema as Parameters<typeof withPromptNames>[0]));
    expect(schema.properties?.steps.items?.properties?.prompt.pattern).toBe(namePattern(endingsOf('prompt')));
    const check = ({ description, properties = {}, items, type, additionalProperties }: Schema): void => {
      expect(description).toMatch(/\.$/);
      if (type === 'object') expect(additionalProperties).toBe(false);
      for (const inner of [...Object.values(properties), ...(items ? [items] : [])]) check(inner);
    };
    check(schema);
  });

  test('takes its own example, and no step without a prompt file or with a name that a variable cannot have', () => {
    for (const example of schema.examples!) expect(holds(schema, example)).toBe(true);
    const step = { prompt: 'a.prompt.md', output: 'a' };
    expect(
      holds(schema, { data: 'rows.jsonl', metric: 'accuracy', model: 'nano', adapter: 'x', steps: [{ ...step, prompt: 'a.prompty' }] }),
    ).toBe(true);
    expect(holds(schema, { steps: [step] })).toBe(true);
    for (const steps of [
      [],
      [{ prompt: 'a.prompt.md' }],
      [{ ...step, prompt: 'a.md' }],
      [{ ...step, input: 'b' }],
      [{ ...step, output: 'a:b' }],
    ])
      expect(holds(schema, { steps })).toBe(false);
    expect(variablesOf('${input:a:b}')[0].name).not.toBe('a:b');
  });
});
