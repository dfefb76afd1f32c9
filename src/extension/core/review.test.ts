/** @file What a reviewer reads and can press, for a change in each of the places where it may stand. */
import { describe, expect, test } from 'vitest';
import type { Difference } from '../../optimize/events.ts';
import type { Evidence, Grounds } from '../../run/words/evidence.ts';
import { parsers, tagsOf } from '../../run/words/rendered.fixture.ts';
import type { ReviewItem } from '../../run/review.ts';
import type { Standing } from '../../run/verdicts.ts';
import { commandIds } from '../ids.ts';
import { changeText, isOpen, itemsOf, panelReview, reviewLenses, type RunReview } from './review.ts';

const difference: Difference = { mean: 0.093, low: 0, high: 0.2, rows: 75, probabilityBetter: 0.97 };
const alone: Evidence = { of: 'this change alone', difference, split: 'val' };
const together: Evidence = { of: 'all of phase 1', parts: '2 prompt changes', difference, split: 'val' };
const onTest: Evidence = { of: 'the new prompt, with the old weights', difference, split: 'test' };
const grounds: Grounds = { reason: 'shorter', evidence: [together, onTest] };
const hunk = (standing: Standing): ReviewItem => ({ kind: 'hunk', id: '1', line: 6, before: 'a\n', after: 'b\n', standing });
const adapter: ReviewItem = { kind: 'adapter', id: 'adapter', line: 3, standing: 'open' };
const titles = (item: ReviewItem, of = grounds): string[] => reviewLenses(item, of).map(({ title }) => title.replace(/^\$\(.*?\) ?/, ''));

describe('the lenses of a change', () => {
  test('offer what can be decided, and say what the number is of', () => {
    expect(titles(hunk('open'))).toEqual(['Accept', 'Reject', 'all of phase 1: +9.3 ±10.7 pts']);
    expect(titles(adapter, { evidence: [] })).toEqual(['Accept Adapter', 'Reject', 'Not measured']);
    expect(titles(hunk('accepted'))).toEqual(['Accepted', 'Revert']);
    expect(titles(hunk('rejected'))).toEqual(['Rejected', 'Accept', 'Revert']);
  });

  test('say of a number on test rows, and of what was measured with more, in few words what it is of', () => {
    const withWeights: Evidence = { ...alone, of: 'this change alone, with the new weights of phase 4', tokens: -36 };
    expect(titles(hunk('open'), { evidence: [withWeights] }).at(-1)).toBe('this change alone: -36 tokens, +9.3 ±10.7 pts');
    expect(titles(hunk('open'), { evidence: [onTest] }).at(-1)).toBe('prompt (test): +9.3 ±10.7 pts');
    expect(reviewLenses(hunk('open'), { evidence: [withWeights] }).at(-1)!.tooltip).toContain('on 75 validation rows');
  });

  test('offer nothing where the file was changed', () => {
    expect(titles(hunk('conflict'))).toEqual(['The file has changed here since the run']);
    expect(reviewLenses(hunk('conflict'), grounds)[0].command).toBe(commandIds.explainChange);
  });
});

describe('a number of several changes', () => {
  const shared: Evidence = { ...together, items: ['1', 'adapter'] };

  test('names them all where it is told', () => {
    expect(changeText(hunk('open'), { evidence: [shared] }).markdown).toContain('2 prompt changes), change 1 and the weights together');
  });

  test('is not told again with the others: they say where it stands', () => {
    const other: Grounds = { evidence: [], toldWith: ['1'] };
    expect(titles(adapter, other)).toEqual(['Accept Adapter', 'Reject', 'Measured with change 1']);
    const text = changeText(adapter, other).markdown;
    expect(text).toContain('measured together with change 1; see the numbers there');
    expect(text).not.toContain('points');
  });
});

describe('the hover over a change', () => {
  const caveat = 'This change was not measured by itself';

  test('has the reason, and each number with rows, interval and what it is of', () => {
    const text = changeText(hunk('open'), grounds).markdown;
    expect(text).toMatch(/^\*\*Shorter\*\*/);
    expect(text).toContain(
      '+9.3 points on 75 validation rows (likely real) from all of phase 1 (2 prompt changes); 95% interval [0.0, +20.0], P(better) 97%',
    );
    expect(text).toContain('on 75 test rows');
  });

  test('says so where the change was not measured by itself', () => {
    expect(changeText(hunk('open'), grounds).markdown).toContain(caveat);
    expect(changeText(hunk('open'), { evidence: [onTest] }).markdown).toContain(caveat);
    expect(changeText(hunk('open'), { evidence: [alone, onTest] }).markdown).not.toContain(caveat);
    expect(changeText(adapter, { evidence: [onTest] }, '.tandem/adapters/a').markdown).not.toContain(caveat);
  });

  test('has the rows that it turned, whatever stands in them', () => {
    const changedPredictions = {
      fixes: 1,
      regressions: 0,
      examples: [{ line: 5, inputs: { message: 'a `b` | c' }, gold: 'x', before: '', after: 'x', better: true }],
    };
    const text = changeText(hunk('open'), { evidence: [{ ...alone, changedPredictions }] }).markdown;
    expect(text).toContain(': 1 better, 0 worse.');
    expect(text).toContain('- line 5, better: ``a `b` | c`` (right answer `x`): before *(empty)*, after `x`');
  });

  test.each(parsers)('has no markup of a run in %s', (_, render) => {
    const comment = (text: string): string => {
      const changedPredictions = {
        fixes: 1,
        regressions: 0,
        examples: [{ line: 5, inputs: { a: text }, gold: text, before: text, after: text, better: true }],
      };
      const grounds = { reason: text, evidence: [{ ...together, of: text, parts: text, changedPredictions }, onTest] };
      return render(changeText({ ...hunk('conflict'), after: text } as ReviewItem, grounds, text).markdown);
    };
    const evil = '![x](https://evil.example/b.png) [y](command:x.y) <img src=x> ``` ` $b$\n\n# c\n\n- d';
    expect(tagsOf(comment(evil))).toEqual(tagsOf(comment('word')));
  });

  test('shows what does not fit any more', () => {
    expect(changeText(hunk('conflict'), grounds).markdown).toMatch(/^\*\*The file has changed here.*\n\n```\nb\n```/);
  });
});

describe('the panel', () => {
  const review: RunReview = {
    file: '/w/a.prompt.md',
    proposals: [{ file: '/w/a.prompt.md', before: 'one\ntwo\n', prompt: 'one\n2\n', after: 'one\n2\n' }],
    grounds: new Map([['1', grounds]]),
    rejected: [],
  };

  test('gets each item with its line of the file as it is now', () => {
    expect(panelReview(review, () => 'zero\none\ntwo\n', '/w')).toEqual({
      file: 'a.prompt.md',
      items: [{ kind: 'hunk', id: '1', standing: 'open', line: 3, before: 'two\n', after: '2\n', ...grounds }],
    });
  });

  test('nothing is left to review once everything is decided', () => {
    const open = (of: RunReview, text: string): boolean => itemsOf(of, () => text).some(({ item }) => isOpen(item));
    expect(open(review, 'one\ntwo\n')).toBe(true);
    expect(open(review, 'one\n2\n')).toBe(false);
    expect(open({ ...review, rejected: ['1'] }, 'one\ntwo\n')).toBe(false);
    expect(open({ ...review, rejected: ['1'] }, 'one\nTWO\n')).toBe(true);
  });

  test('gets the items of all files of a program, each with its file, the weights last; a file that is gone has none', () => {
    const step = (place: number, file: string) => ({ ...review.proposals[0], file, step: { place, output: `answer ${place}` } });
    const pointer = { from: '/r/a', to: '/w/.tandem/adapters/p-1', settings: { adapter: '.tandem/adapters/p-1' } };
    const yaml = 'steps:\n';
    const program = {
      file: '/w/p.program.yaml',
      before: yaml,
      prompt: yaml,
      after: `adapter: ${pointer.settings.adapter}\n${yaml}`,
      adapter: pointer,
    };
    const whole: RunReview = {
      file: program.file,
      proposals: [program, step(0, '/w/a.prompt.md'), step(1, '/w/sub/b.prompt.md'), step(2, '/w/gone.prompt.md')],
      grounds: new Map([['2.1', grounds]]),
      rejected: ['2.1'],
    };
    const textOf = (file: string): string | undefined => (file.endsWith('yaml') ? yaml : file.includes('gone') ? undefined : 'one\ntwo\n');
    expect(panelReview(whole, textOf, '/w')).toMatchObject({
      file: 'p.program.yaml',
      items: [
        { id: '1.1', file: 'a.prompt.md', standing: 'open', line: 2, evidence: [] },
        { id: '2.1', file: 'sub/b.prompt.md', standing: 'rejected', ...grounds },
        { id: 'adapter', file: 'p.program.yaml', standing: 'open', folder: '.tandem/adapters/p-1' },
      ],
    });
  });
});
