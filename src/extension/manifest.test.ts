/** @file The manifest says what the code means: the same ids, and a text for every key. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { variablesOf } from '../prompt/template.ts';
import { executors, parseBudget, parseSchedule, strategies } from '../run/spec.ts';
import { colorIds, commandIds, contextKeys, settingIds } from './ids.ts';

interface Property {
  readonly default: unknown;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly scope: string;
  readonly order: number;
}
interface Manifest {
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
    readonly configuration: readonly { readonly order: number; readonly properties: Readonly<Record<string, Property>> }[];
    readonly colors: readonly { readonly id: string }[];
    readonly yamlValidation: readonly { readonly fileMatch: string; readonly url: string }[];
  };
}

const root = join(import.meta.dirname, '..', '..');
const text = readFileSync(join(root, 'package.json'), 'utf8');
const { extensionKind, capabilities, contributes } = JSON.parse(text) as Manifest;
const properties = Object.assign({}, ...contributes.configuration.map((group) => group.properties)) as Record<string, Property>;

test('every text of the contributions is in package.nls.json, and nothing else is', () => {
  const keys = [...text.matchAll(/"%([^"%]+)%"/g)].map(([, key]) => key);
  const known = Object.keys(JSON.parse(readFileSync(join(root, 'package.nls.json'), 'utf8')) as object);
  expect([...new Set(keys)].sort()).toEqual(known.sort());
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
    const conditions = Object.values(contributes.menus)
      .flat()
      .map(({ when }) => when)
      .join(' ');
    for (const [key] of conditions.matchAll(/tandem\.\w+/g)) expect(Object.values<string>(contextKeys)).toContain(key);
  });
});

describe('settings', () => {
  test('are those that the code reads, in titled groups with an order and a scope', () => {
    expect(Object.keys(properties).sort()).toEqual(Object.values<string>(settingIds).sort());
    expect(contributes.configuration.map(({ order }) => order)).toEqual(contributes.configuration.map((_, place) => place + 1));
    for (const { scope, order } of Object.values(properties)) {
      expect(scope).toBeTruthy();
      expect(order).toBeGreaterThan(0);
    }
  });

  test('allow what the engine understands', () => {
    const { schedule, budget, strategy, executor } = settingIds;
    expect(properties[strategy].enum).toEqual(['default', ...strategies]);
    expect(properties[executor].enum).toEqual(executors);
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
    expect(fileMatch).toBe('tandem.program.yaml');
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
