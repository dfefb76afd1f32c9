/** @file An accepted prompt is written exactly into its file, and nothing else there changes. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyHunks, diffHunks } from './hunks.ts';
import { parsePromptFile } from './readPrompt.ts';
import { applyPrompt } from './writePrompt.ts';
import type { Value } from './values.ts';

const parse = (text: string) => parsePromptFile('a.prompt.md', text);
const block = `---
# mine
mode: 'agent'   # other tool's
tandem:
    data: a.jsonl   # rows
    output: y
    # about the metric
    metric: accuracy
    demos:
        - x: 'kept as written'   # why
          y: one
        - x: goes
          y: two
    # last words
tools: [ 'a',  "b" ]
---
Body \${input:x}
`;
const one = { inputs: { x: 'kept as written' }, output: 'one' };

describe('edits', () => {
  test('without a change nothing is written', () => {
    expect(applyPrompt(parse(block), parse(block).prompt, { adapter: null, calibration: 'none' })).toBe(block);
  });

  test('a demonstration that stays keeps its lines, and new ones take the indentation of their neighbours', () => {
    const next = { body: 'New ${input:x}', demonstrations: [{ inputs: { x: 'a: "b"' }, output: 'two' }, one] };
    expect(applyPrompt(parse(block), next)).toBe(
      block
        .replace("        - x: 'kept as written'", `        - x: "a: \\"b\\""\n          y: two\n        - x: 'kept as written'`)
        .replace('        - x: goes\n          y: two\n', '')
        .replace('Body ${input:x}\n', 'New ${input:x}'),
    );
  });

  test('without demonstrations the key is removed', () => {
    const next = applyPrompt(parse(block), { ...parse(block).prompt, demonstrations: [] });
    expect(next).toBe(block.replace(/ {4}demos:[^]*?y: two\n/, ''));
  });

  test('adapter and calibration are added, replaced and removed', () => {
    const file = parse(block);
    const tuned = applyPrompt(file, file.prompt, { adapter: '.tandem/adapters/a b', calibration: 'prior' });
    expect(tuned).toBe(
      block.replace('y: two\n', 'y: two\n    adapter: ".tandem/adapters/a b"\n    decoding:\n        calibration: prior\n'),
    );
    expect(applyPrompt(parse(tuned), file.prompt, { adapter: null })).toBe(
      block.replace('y: two\n', 'y: two\n    decoding:\n        calibration: prior\n'),
    );
    expect(applyPrompt(parse(tuned), file.prompt, { calibration: 'content-free' })).toBe(
      tuned.replace('calibration: prior', 'calibration: content-free'),
    );
  });

  test('CRLF and BOM survive', () => {
    const source = '\uFEFF' + block.replaceAll('\n', '\r\n');
    const file = parse(source);
    const next = applyPrompt(file, { ...file.prompt, demonstrations: [one] }, { adapter: 'x' });
    expect(next.startsWith('\uFEFF')).toBe(true);
    expect(next.replaceAll('\r\n', '')).not.toContain('\n');
  });

  test('a flow map is edited in place', () => {
    const source = '---\ntandem: {data: a.jsonl, output: y, decoding: {seed: 1}, adapter: old}\n---\n${input:x}';
    const file = parse(source);
    expect(applyPrompt(file, { ...file.prompt, demonstrations: [one] }, { adapter: null, calibration: 'prior' })).toBe(
      '---\ntandem: {data: a.jsonl, output: y, decoding: {seed: 1, calibration: prior}, demos: [{x: "kept as written", y: one}]}\n---\n${input:x}',
    );
  });

  test('values keep their type, answers are texts, and lines stay as they were written', () => {
    const file = parse('---\ntandem:\n  data: a\n  output: y\n  demos:\n  - x: 30 # years\n    y: 1\n---\n${input:x}');
    const added = { inputs: { x: [{ id: '17', price: 9.5 }, false, null] }, output: '2' };
    const next = { ...file.prompt, demonstrations: [{ inputs: { x: 30 }, output: '1' }, added] };
    const text = applyPrompt(file, next);
    expect(text).toContain('  - x: 30 # years\n    y: 1\n  - x: [{"id":"17","price":9.5},false,null]\n    y: "2"\n');
    expect(parse(text).prompt).toEqual(next);
  });

  test('demonstrations in a file that names no output, or a front matter with interfering anchors, are refused', () => {
    expect(() => applyPrompt(parse('${input:x}'), { body: '${input:x}', demonstrations: [one] })).toThrow(
      expect.objectContaining({ reason: 'no-output' }),
    );
    const anchored = parse('---\ntandem:\n  data: a\n  output: y\n  demos:\n    - &d {x: a, y: b}\n    - *d\n---\n${input:x}');
    const next = { ...anchored.prompt, demonstrations: [one, anchored.prompt.demonstrations[0]] };
    expect(parse(applyPrompt(anchored, next)).prompt).toEqual(next);
  });
});

const nasty = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '#',
    '# no',
    'a: b',
    '- x',
    '"',
    "'",
    "it's",
    '\\',
    '\n',
    'a\r\nb',
    '\t',
    '{{demos}}',
    '---',
    '---\n',
    '\uFEFF',
    '\u2028',
    '\u0085',
    '~',
    'null',
    'yes',
    '1e3',
    '0x1',
    '&a',
    '*a',
    '!!str',
    '%',
    '@',
    '`',
    '|',
    '>',
    '${input:x}',
    '<<',
    '=',
    '\ud800',
  ),
  fc.string({ unit: 'binary' }),
  fc.string(),
);
const column = fc
  .oneof(
    fc.constantFrom('x', 'message', 'a b', '__proto__', 'constructor', '5', '#', 'a: b', '', '- ', 'null', 'é'),
    fc.string({ maxLength: 20 }),
  )
  .filter((name) => name !== 'y');
const value = fc.oneof(
  { arbitrary: nasty, weight: 3 },
  fc.jsonValue({ maxDepth: 3 }).map((json) => JSON.parse(JSON.stringify(json)) as Value),
);
const demonstrations = fc.array(fc.record({ inputs: fc.dictionary(column, value, { maxKeys: 4, noNullPrototype: true }), output: nasty }), {
  maxLength: 4,
});
const body = fc.array(fc.oneof(nasty, fc.constantFrom('\n', '---\n', 'a: 1\n', '${input:x}'))).map((pieces) => pieces.join(''));
const fileText = fc.constantFrom(
  block,
  '\uFEFF' + block.replaceAll('\n', '\r\n'),
  '---\ntandem: {data: a, output: y, demos: [{x: 1, y: 2}],}\n---',
  '---\ntandem:\n  data: a\n  output: y\n---\nB\n',
  '---\ntandem:\n  output: y\n  data: |\n    a\n\n---\nB\n',
  '---\ntandem:\n  output: y\n  demos: []\n  decoding:\n---\nB\n',
  '---\ntandem:\n  output: y\n  demos:\n  - x: >-\n      folded\n      text\n    y: |\n      two\n      lines\n  # end\nz: 1\n---\nB\n',
);

test('reading the written file gives exactly the prompt that was written', { tags: 'long' }, () => {
  fc.assert(
    fc.property(
      fileText,
      body,
      demonstrations,
      fc.option(fc.constantFrom('.tandem/adapters/x', 'a: b', '# x')),
      (text, next, demos, adapter) => {
        const written = parse(applyPrompt(parse(text), { body: next, demonstrations: demos }, { adapter, calibration: 'prior' }));
        expect(written.prompt).toEqual({ body: next, demonstrations: demos });
        expect(written.settings).toMatchObject({ output: 'y', decoding: { calibration: 'prior' } });
        expect(written.settings.adapter).toBe(adapter ?? undefined);
        expect(written.problems.filter(({ message }) => message.includes('YAML'))).toEqual([]);
      },
    ),
    { numRuns: 1000 },
  );
});

test('a body without front matter stays the whole file, even if it looks like front matter', () => {
  fc.assert(
    fc.property(fc.constantFrom('', '\uFEFF', 'Old ${input:x}\n'), body, (text, next) => {
      expect(parse(applyPrompt(parse(text), { body: next, demonstrations: [] })).prompt.body).toBe(next);
    }),
  );
  expect(applyPrompt(parse('Old'), { body: 'New', demonstrations: [] })).toBe('New');
});

test('any subset of the hunks of a written file is valid YAML with complete demonstrations', { tags: 'long' }, () => {
  const few = fc.array(
    fc.record({ inputs: fc.record({ x: fc.constantFrom('a', 'b', 'c: "d"\n') }), output: fc.constantFrom('one', 'two', '# 3') }),
    { maxLength: 5 },
  );
  fc.assert(
    fc.property(few, few, fc.nat(), (first, second, mask) => {
      const before = applyPrompt(parse(block), { body: 'Old ${input:x}\n', demonstrations: first });
      const after = applyPrompt(
        parse(before),
        { body: 'New ${input:x}\n', demonstrations: second },
        { adapter: 'z', calibration: 'prior' },
      );
      const hunks = diffHunks(before, after);
      const accepted = hunks.map(({ id }) => id).filter((_, place) => (mask >> place) & 1);
      expect(parse(applyHunks(before, hunks, accepted)).problems).toEqual([]);
    }),
    { numRuns: 500 },
  );
});
