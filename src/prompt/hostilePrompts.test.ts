/**
 * @file Prompt files and programs may be damaged, cut off or malicious. 8,000 mutants are read, checked against columns and filled in. They
 * end in problems with a place or in Tandem's errors, and nothing else is thrown.
 * @module-tag long
 */
import { describe, expect, test } from 'vitest';
import { TandemError } from '../errors.ts';
import { mutatedBytes } from '../mutants.fixture.ts';
import { randomStream, type Random } from '../random.ts';
import { placeAt } from './placeAt.ts';
import { checkProgram, openProgram } from './program.ts';
import { parseProgramFile, parsePromptFile } from './readPrompt.ts';
import { applyPrompt } from './writePrompt.ts';
import { checkColumns } from './promptFile.ts';
import { instructionSpan, render } from './template.ts';

const markdown = `---
description: Route a message
argument-hint: "[path]"
tandem:
  data: {train: data/train.jsonl, test: data/test.parquet}
  output: &name intent
  metric: [accuracy, "macro-f1"]
  labels: [card, fees]
  columns: {message: Customer Message, other: *name}
  template: {kind: chat, variables: {enable_thinking: false}}
  decoding: {calibration: prior, stop: ["\\n"], topP: 0.5, seed: 7}
  demos:
    - message: "Where: is it?"
      intent: card
    - {message: 5.0, intent: fees}
---
Read \${selection} it.

{{demos}}
Message: \${input:message:what they wrote}
Intent:
`;
const prompty = `---
name: Intent
model: {id: x, apiType: chat, options: {temperature: 0, maxOutputTokens: 5, stopSequences: [END]}}
inputs:
  - {name: bank, kind: string, default: Harbour}
  - {name: tags, kind: array, default: [a, {b: [1]}]}
sample: {message: Where is it?}
template: {format: {kind: jinja2}, parser: {kind: prompty}}
tandem:
  data: rows.jsonl
  output: intent
---
system:
You work for {{ bank }}.
{% set n = 2 %}{% for tag in tags %}- {{ tag }}{% if not loop.last %},{% endif %}{% endfor %}

user[name="Ann"]:
{{demos}}
{# a comment #}{% raw %}{{ }}{% endraw %}
Message: {{ message | trim | upper }} {{ message[0] }}
Intent:
`;
const program = `description: Two steps
data: rows.jsonl
steps:
  - prompt: area.prompt.md
    output: area
  - {prompt: sub/intent.prompty, output: intent}
`;

/** Pieces of prompt files, inserted anywhere: random bytes alone seldom make a new structure. */
const pieces = [
  '---\n',
  '{{',
  '}}',
  '{%',
  '%}',
  '${input:',
  '}',
  '*a',
  '&a ',
  '- ',
  ': ',
  '[',
  '{',
  '"',
  "'",
  '|',
  '\t',
  '\r',
  '\uFEFF',
  'user:\n',
  '{{demos}}\n',
  '\u0000',
  '\ud800',
  '!!js/function x',
  '<<: *a\n',
];

function mutated(text: string, random: Random): string {
  const bytes = Buffer.from(text);
  let mutant = random.uniform() < 0.2 ? mutatedBytes(bytes, bytes.length, random).toString('utf8') : text;
  for (let changes = random.integer(3); changes > 0; changes--) {
    const at = random.integer(mutant.length + 1);
    const cut = random.uniform() < 0.3 ? random.integer(12) : 0;
    mutant = mutant.slice(0, at) + pieces[random.integer(pieces.length)] + mutant.slice(at + cut);
  }
  return mutant;
}

interface Outcome {
  usable: number;
  filled: number;
}

/** @returns whether it throws a TandemError */
function isOurs(error: unknown, what: string, text: string): true {
  if (error instanceof TandemError) return true;
  throw new Error(`${what} ended in no error of ours:\n${text}`, { cause: error });
}

function tryPrompt(path: string, text: string, what: string, outcome: Outcome): void {
  const file = parsePromptFile(path, text);
  for (const { range } of file.problems) {
    if (!(range.start >= 0 && range.start <= range.end && range.end <= text.length))
      throw new Error(`${what} has a problem nowhere:\n${text}`);
  }
  const values = { message: 'Hello', bank: 'B', tags: ['a', 'b'], n: 1, Customer: 'x' };
  checkColumns(file, [...Object.keys(values), file.settings.output]);
  instructionSpan(file.prompt);
  placeAt(text, text.length >> 1, file.prompt.syntax);
  if (file.problems.some(({ severity }) => severity === 'error')) return;
  outcome.usable++;
  try {
    render(file.prompt, { ...values, ...file.samples });
    outcome.filled++;
  } catch (error) {
    isOurs(error, what, text);
  }
  try {
    applyPrompt(file, { ...file.prompt, demonstrations: [], decoding: { maxTokens: 3 } }, { adapter: 'a/b' });
  } catch (error) {
    isOurs(error, what, text);
  }
}

describe.each([
  ['a .prompt.md', 'a.prompt.md', markdown],
  ['a .prompty', 'a.prompty', prompty],
])('mutants of %s', (name, path, text) => {
  test('end in problems or TandemErrors', () => {
    const outcome = { usable: 0, filled: 0 };
    for (let i = 0; i < 2500; i++) tryPrompt(path, mutated(text, randomStream('hostile prompts', name, i)), `mutant ${i}`, outcome);
    // Neither all broken nor all intact, so the mutants reach the code after parsing.
    expect(outcome.usable).toBeGreaterThan(500);
    expect(outcome.usable).toBeLessThan(2450);
    expect(outcome.filled).toBeGreaterThan(200);
  });
});

test('mutants of a program end in problems or TandemErrors', () => {
  let opened = 0;
  for (let i = 0; i < 3000; i++) {
    const random = randomStream('hostile programs', i);
    const [whole, first, last] = [mutated(program, random), random.integer(3) ? markdown : mutated(markdown, random), prompty];
    const { problems } = parseProgramFile('/w/p.program.yaml', whole);
    for (const { range } of problems) expect(range.end).toBeLessThanOrEqual(whole.length);
    try {
      const steps = openProgram('/w/p.program.yaml', whole, (path) => (path.endsWith('.prompty') ? last : first));
      checkProgram(steps, ['message', 'area', 'intent']);
      opened++;
    } catch (error) {
      isOurs(error, `mutant ${i}`, whole);
    }
  }
  expect(opened).toBeGreaterThan(100);
});
