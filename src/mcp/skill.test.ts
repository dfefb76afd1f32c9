/** @file The skill that the extension gives to agents names only tools and commands that exist, and follows the limits of skills. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { tools } from './tools/table.ts';

const root = join(import.meta.dirname, '..', '..');
const [, head, body] = readFileSync(join(root, 'media', 'skills', 'tandem', 'SKILL.md'), 'utf8').split(/^---$/m);
const { name, description } = parse(head) as { name: string; description: string };

test('its name is that of its folder, and its description is short enough to be read whole', () => {
  expect(name).toBe('tandem');
  expect(description.length).toBeLessThanOrEqual(1024);
});

test('it names every tool and no other', () => {
  const [listed] = /Its tools are .*?\./.exec(body)!;
  expect([...listed.matchAll(/`(\w+)`/g)].map(([, tool]) => tool).sort()).toEqual(tools.map((tool) => tool.name).sort());
});

test('the commands that it names are in the manual', () => {
  const manual = readFileSync(join(root, 'docs', 'cli.md'), 'utf8');
  const commands = [...body.matchAll(/`tandem (\w+)/g)].map(([, command]) => command);
  expect(commands.length).toBeGreaterThan(4);
  for (const command of commands) expect(manual).toContain(`\`tandem ${command}`);
});
