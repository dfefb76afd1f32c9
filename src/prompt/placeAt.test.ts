/** @file What can be written at the cursor, `|`, in a prompt file. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { placeAt, wholeVariableAt } from './placeAt.ts';

/** What is at the bar, and the text that a completion would replace. */
const at = (marked: string): unknown => {
  const offset = marked.indexOf('|');
  const text = marked.replace('|', '');
  const place = placeAt(text, offset);
  if (!place) return undefined;
  const { span, ...rest } = place;
  return { ...rest, replaces: text.slice(span.start, span.end) };
};
const yaml = (lines: string): unknown => at(`---\n${lines}\n---\nText: \${input:text}\n`);

describe('in the front matter', () => {
  test.each([
    ['|', [], ''],
    ['tan|dem:', [], 'tandem'],
    ['tandem:\n  |', ['tandem'], ''],
    ['tandem:\n  me|', ['tandem'], 'me'],
    ['tandem:\n  data: a.jsonl\n\n  # why\n  m|etric: x', ['tandem'], 'metric'],
    ['tandem:\n  data: a.jsonl\n  decoding:\n    |', ['tandem', 'decoding'], ''],
    ['tandem:\n  decoding:\n    seed: 1\n  out|', ['tandem'], 'out'],
    ['tandem: {da|', ['tandem'], 'da'],
    ['tandem: {data: a, decoding: {seed: 1}, |}', ['tandem'], ''],
    ['tandem:\n  decoding: {seed: 1, ca|}', ['tandem', 'decoding'], 'ca'],
    ['mode: agent\nde|', [], 'de'],
  ])('a key: %j', (lines, within, replaces) => {
    expect(yaml(lines)).toMatchObject({ kind: 'key', within, replaces });
  });

  test.each([
    ['tandem:\n  output: |', ['tandem', 'output'], ''],
    ['tandem:\n  output: ki|nd  # the answer', ['tandem', 'output'], 'kind'],
    ['tandem:\n  data: data/my ro|ws.jsonl', ['tandem', 'data'], 'data/my rows.jsonl'],
    ['tandem:\n  data:\n    train: |', ['tandem', 'data', 'train'], ''],
    ['tandem: {data: a|, output: b}', ['tandem', 'data'], 'a'],
    ['tandem:\n  decoding: {calibration: |}', ['tandem', 'decoding', 'calibration'], ''],
  ])('a value: %j', (lines, path, replaces) => {
    expect(yaml(lines)).toMatchObject({ kind: 'value', path, replaces });
  });

  test('nothing is offered right after a colon, in a comment or before the front matter, and nothing known in a list', () => {
    for (const lines of ['tandem:\n  output:|', 'tandem:\n  data: a # why|']) expect(yaml(lines)).toBeUndefined();
    expect(at('-|--\ntandem:\n---\nText')).toBeUndefined();
    expect(yaml('tandem:\n  labels: [a, |')).toMatchObject({ within: ['tandem', ''] });
  });
});

describe('in the body', () => {
  test.each([
    ['Q: $|', '$', false],
    ['Q: ${|}', '${', true],
    ['Q: ${in| and more', '${in', false],
    ['Q: ${input:|}', '${input:', true],
    ['Q: ${input:te|xt} more', '${input:text', true],
    ['Q: ${input:te|xt:hint}', '${input:text', true],
    ['Q: ${input:te| and more', '${input:te', false],
  ])('a variable: %j', (body, replaces, closed) => {
    expect(at(`---\ntandem:\n---\n${body}`)).toEqual({ kind: 'variable', replaces, closed });
    expect(at(body)).toMatchObject({ replaces });
  });

  test('text is left alone', () => {
    for (const body of ['|', 'output: |', '${input:text}|', '${other:|}']) expect(at(`---\ntandem:\n---\n${body}`)).toBeUndefined();
  });

  test('a complete variable is found anywhere inside it', () => {
    const text = '---\ntandem:\n---\nQ: ${input:text:a hint} A:';
    const [start, end] = [text.indexOf('$'), text.indexOf('}') + 1];
    for (const offset of [start, start + 9, end - 1]) expect(wholeVariableAt(text, offset)).toEqual({ name: 'text', start, end });
    for (const offset of [start - 1, end]) expect(wholeVariableAt(text, offset)).toBeUndefined();
  });
});

test('every text has an answer, and what it replaces is around the cursor on its line', () => {
  const piece = fc.constantFrom('---\n', 'tandem:\n', '  data: ', '{', '}', '${input:', 'x', ', ', '"', ' #', '\r\n', '  ', '[');
  fc.assert(
    fc.property(fc.array(piece), fc.nat(), (pieces, where) => {
      const text = pieces.join('');
      const offset = where % (text.length + 1);
      const place = placeAt(text, offset);
      if (!place) return;
      expect(place.span.start).toBeLessThanOrEqual(offset);
      expect(place.span.end).toBeGreaterThanOrEqual(offset);
      expect(text.slice(place.span.start, place.span.end)).not.toMatch(/[\r\n]/);
    }),
  );
});
