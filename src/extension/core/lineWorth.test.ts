/** @file What stands at the lines' ends, and where. */
import { describe, expect, test } from 'vitest';
import { parsers, tagsOf } from '../../run/words/rendered.fixture.ts';
import type { LineWorth, MeasuredLines } from '../../run/record/results.ts';
import { annotateLines, labelOf, linesOfStep, type LineAnnotation } from './lineWorth.ts';

const worth = (line: number, text: string, mean: number, more: Partial<LineWorth> = {}): LineWorth => ({
  line,
  text,
  score: { mean, low: mean - 0.02, high: mean + 0.02, rows: 80, probabilityBetter: 0.9 },
  logLikelihood: { mean: 0.1, low: 0.05, high: 0.15, rows: 80, probabilityBetter: 0.99 },
  kind: 'line',
  tokensSaved: 14,
  changedPredictions: [],
  ...more,
});
const about: Omit<MeasuredLines, 'lines'> = { at: '2026-11-24T10:15:00Z', model: 'nano', metric: 'accuracy', split: 'val' };
const text = '---\ntandem: {}\n---\nRead it.\nBe brief.\n\nText: ${input:text}\nKind:\n';
const annotate = (lines: readonly LineWorth[], now = text, stale = false): LineAnnotation[] =>
  annotateLines({ ...about, lines }, now, { stale, now: Date.parse('2026-11-24T10:18:00Z') });

describe('the label', () => {
  test.each([
    [0.0624, '+6.2 pts'],
    [0, '0.0, saves 14 tokens'],
    [-0.0003, '0.0, saves 14 tokens'],
    [0.0003, '0.0, saves 14 tokens'],
    [-0.031, '-3.1 pts, saves 14 tokens'],
  ])('of %f is %s', (mean, label) => {
    expect(labelOf(worth(4, 'Read it.', mean))).toBe(label);
  });

  test('does without the tokens where they are not known, and counts one as one', () => {
    expect(labelOf(worth(4, 'Read it.', 0, { tokensSaved: undefined }))).toBe('0.0');
    expect(labelOf(worth(4, 'Read it.', 0, { tokensSaved: 1 }))).toBe('0.0, saves 1 token');
  });
});

test('the tint says what the interval says, not more', () => {
  const lines = [worth(4, 'Read it.', 0.062), worth(5, 'Be brief.', -0.05), worth(8, 'Kind:', 0.01)];
  expect(annotate(lines).map(({ line, tint }) => [line, tint])).toEqual([
    [3, 'helps'],
    [4, 'hurts'],
    [7, 'unclear'],
  ]);
  expect(annotate(lines, text, true).map(({ tint }) => tint)).toEqual(['stale', 'stale', 'stale']);
});

describe('while the text is edited', () => {
  const lines = [worth(4, 'Read it.', 0.062), worth(5, 'Be brief.', 0), worth(8, 'Kind:', 0.01)];
  const placed = (now: string): [number, string][] => annotate(lines, now, true).map(({ line, label }) => [line, label]);

  test('a line that moved takes its number along, one that changed loses it', () => {
    expect(placed(text.replace('Read it.', 'A new line.\nRead it.').replace('Be brief.', 'Be very brief.'))).toEqual([
      [4, '+6.2 pts'],
      [8, '+1.0 pts'],
    ]);
  });

  test('of two lines with the same text each keeps its own number', () => {
    const twice = [worth(4, 'Same.', 0.05), worth(5, 'Same.', 0.1)];
    const placedTwice = annotate(twice, '---\n---\n\n\nSame.\nSame.\n', true).map(({ line, label }) => [line, label]);
    expect(placedTwice).toEqual([
      [4, '+5.0 pts'],
      [5, '+10.0 pts'],
    ]);
  });

  test('line endings make no difference', () => {
    expect(annotate(lines, text.replaceAll('\n', '\r\n'))).toHaveLength(3);
  });
});

test('demonstrations stand at the line where they go in', () => {
  const [annotation] = annotate([worth(7, '3 demonstrations', 0.04, { kind: 'demonstrations' })]);
  expect(annotation).toMatchObject({ line: 6, label: '+4.0 pts' });
  expect(annotation.hover.markdown).toContain('with 3 demonstrations');
});

describe('the hover', () => {
  const changedPredictions = [{ line: 7, inputs: { text: 'my `card`\nis *gone*' }, gold: 'card', withLine: 'card', withoutLine: '' }];

  test('says what was measured, how sure it is, on which rows, with what and when, and where it is switched off', () => {
    const [{ hover }] = annotateLines({ ...about, adapter: '3f2a', lines: [worth(4, 'Read it.', 0.062)] }, text, {
      stale: false,
      now: Date.parse('2026-11-24T10:18:00Z'),
    });
    for (const part of [
      '+6.2 points [+4.2, +8.2]',
      'P(better) 90%',
      'nats per row. Leaving it out saves 14 tokens.',
      '80 validation rows with nano and adapter 3f2a',
      '3 min ago',
    ])
      expect(hover.markdown).toContain(part);
    expect(hover.markdown).not.toContain('changed since');
  });

  test('shows rows that the line turns, as text whatever stands in them', () => {
    const [{ hover }] = annotate([worth(4, 'Read it.', 0.062, { changedPredictions })]);
    expect(hover.markdown).toContain('- line 7: ``my `card` is *gone*`` (right answer `card`): with it `card`, without it *(empty)*');
  });

  test.each(parsers)('has no markup of a file of results in %s', (_, render) => {
    const evil = '![x](https://evil.example/b.png) [y](command:workbench.action.openSettings) <img src=x> `a` $b$';
    const demonstrations = {
      kind: 'demonstrations',
      changedPredictions: [{ ...changedPredictions[0], inputs: { text: evil }, gold: evil }],
    } as const;
    const hoverOf = (text: string, model: string): string =>
      annotateLines({ ...about, model, metric: model, lines: [worth(4, text, 0.06, demonstrations)] }, '---\n---\n\nx', options)[0].hover
        .markdown;
    const options = { stale: false, now: Date.parse('2026-11-24T10:18:00Z') };
    expect(tagsOf(render(hoverOf(evil, evil)))).toEqual(tagsOf(render(hoverOf('3 demonstrations', 'nano'))));
  });

  test('says that the text has changed', () => {
    expect(annotate([worth(4, 'Read it.', 0.062)], text, true)[0].hover.markdown).toContain('changed since');
  });
});

test('of a program the lines of a step stand in its prompt file only', () => {
  const lines = [worth(4, 'Read it.', 0.1, { file: 'a/one.prompt.md' }), worth(4, 'Read it.', 0.2, { file: 'two.prompt.md' })];
  expect(linesOfStep({ ...about, lines }, 'two.prompt.md').lines).toEqual([lines[1]]);
});
