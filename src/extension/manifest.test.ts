/** @file The manifest says what the code means: the same ids, and a text for every key. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
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
