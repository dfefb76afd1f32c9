/** @file The report says what was measured, on which rows, and what was decided. The chart is valid XML. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { chartOf } from './chart.ts';
import type { JournalLine, RunEvent } from '../record/events.ts';
import { executeRun } from '../execute.ts';
import { fakeExecution, fakeSpec } from '../fakeRun.fixture.ts';
import { hostileText, parsers, tagsOf, withTexts } from './rendered.fixture.ts';
import { eventText } from './eventText.ts';
import { reportOf } from './report.ts';
import { createRun } from '../record/runDirectory.ts';
import { apply } from '../record/fold.ts';
import { initialState, type RunState } from '../record/state.ts';
import { cutLines } from './words.ts';

const temporary = mkdtempSync(join(tmpdir(), 'tandem-report-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const states = async (): Promise<RunState[]> => {
  writeFileSync(join(temporary, 'intent.prompt.md'), '');
  const directory = createRun(
    {
      prompt: join(temporary, 'intent.prompt.md'),
      ...fakeSpec,
    },
    { source: '', data: {} },
  );
  const lines: JournalLine[] = [];
  await executeRun(fakeExecution(directory, (line) => lines.push(line)));
  let state = initialState;
  return [state, ...lines.map((line) => (state = apply(state, line)))];
};

test('what grew during a run is reported', async () => {
  const grown = { type: 'freedomGrown', phase: 2, stage: 2, stages: 3, name: 'lines', prompt: 'whole lines', penalty: 10 } as const;
  const measured = { type: 'difficultyMeasured', phase: 1, rows: 60, known: 96, success: 0.414, passRate: 0.4, logLikelihood: -1 } as const;
  const lines: RunEvent[] = [
    { ...measured, roles: { weights: 50, prompt: 30, guard: 16 }, inPlay: 1, tokensUsed: 10 },
    { ...grown, rank: [4, 8], layers: [4, 6], because: '30% of the budget is spent' },
  ];
  const state = lines.reduce((before, event, seq) => apply(before, { version: 2, seq, at: 0, ...event }), (await states()).at(-1)!);
  const report = reportOf(state);
  expect(report).toContain('### Learning schedule');
  expect(report).toContain('| 1 | 96 training rows measured, success 0.41: 50 for the weights, 30 always failed, 16 always passed |');
  expect(report).toContain(
    'stage 2 of 3 (lines): whole lines, rank 4 of 8, the top 4 of 6 layers, penalties x 10; 30% of the budget is spent',
  );
});

test('a last training of the weights on all rows is reported, with the weights to which the validation numbers belong', async () => {
  const before = (await states()).at(-1)!;
  const outputOf = (kept: boolean): { state: RunState; report: string; line: string } => {
    const best = { ...before.best!, ...(kept && { adapter: 'refitted' }) };
    const event = { version: 2, seq: 0, at: 0, type: 'weightsRefitted', phase: 4, rows: 24, steps: 60, kept, best, tokensUsed: 9 } as const;
    const state = apply(before, event);
    return { state, report: reportOf(state), line: eventText(event, state)! };
  };
  const trained = 'the weights were trained again for 60 steps on all 24 training and validation rows';
  const kept = outputOf(true);
  expect(kept.state.best?.adapter).toBe('refitted');
  for (const text of [kept.report, kept.line]) {
    expect(text).toContain(trained);
    expect(text).toContain('for the earlier weights, which had not learned from the validation rows');
  }
  const left = outputOf(false);
  expect(left.state.best).toEqual(before.best);
  for (const text of [left.report, left.line])
    expect(text).toContain('They answered the validation rows worse, so the earlier weights were kept.');
});

test('answers that were cut off are reported, before and after, in the report, the log and the terminal, and so is how answers end', async () => {
  const ended = (await states()).at(-1)!;
  const cuts = (answers: number) => [{ by: 'length', answers, of: 100, tokens: 64, outOfReach: 9 }] as const;
  const config = { ...ended.config!, answerEnds: [{ maxTokens: 64, stop: ['\n\n'] }, null] };
  const tested: RunState = {
    ...ended,
    config,
    attribution: {
      ...ended.attribution!,
      cells: ended.attribution!.cells.map((cell) => ({ ...cell, cuts: cuts(cell.weights === 'new' ? 3 : 12) })),
    },
  };
  const lines = [12, 3].map((answers, place) => {
    const when = place === 0 ? 'Before' : 'After';
    return `${when}, on the test rows: ${answers} of 100 answers were cut at 64 tokens, and 9 right answers are longer; raise tandem.decoding.maxTokens.`;
  });
  expect(cutLines(tested)).toEqual(lines);
  for (const line of lines) expect(reportOf(tested)).toContain(`> **Notice:** ${line}`);
  expect(reportOf(tested)).toContain('| answers | step 1: up to 64 tokens, ended by a blank line; step 2: labels |');
  const start = { ...ended.start!, cuts: cuts(12) };
  expect(cutLines({ start, best: start })).toHaveLength(1);
  const line = { version: 2, seq: 3, at: 0, type: 'baselineMeasured', state: start, tokensUsed: 1 } as const;
  expect(eventText(line, ended)).toContain('; 12 of 100 answers were cut at 64 tokens');
  expect(eventText({ version: 2, seq: 0, at: 0, type: 'runStarted', config }, ended)).toContain('; answers step 1: up to 64 tokens');
  expect(cutLines(ended)).toEqual([]);
});

test('the report of an ended run', async () => {
  const report = reportOf((await states()).at(-1)!);
  expect(report).toMatch(/^# intent\.prompt\.md: 40\.0% → \d\d\.\d% on 100 test rows\n/);
  for (const heading of ['Before and after', 'What changed', 'Prompt or weights: what helped', 'Phases', 'How to read this', 'Details']) {
    expect(report).toContain(`\n## ${heading}\n`);
  }
  const details = report.slice(report.indexOf('\n## Details\n'));
  for (const heading of ['Gate decisions', 'Prompts tried', 'Settings', 'Objective J']) expect(details).toContain(`\n### ${heading}\n`);
  expect(details).toMatch(/\n\| before \|.*\n\| best after phase 1 \|[^]*\| after \|.*\n$/);
  expect(report).toContain('> **Notice:** 2 rows stand almost alike in train and val.');
  expect(report).toContain('\n-Message: ${input:message}\n');
  for (const table of report
    .trimEnd()
    .split('\n\n')
    .filter((block) => block.startsWith('|'))) {
    const widths = table.split('\n').map((line) => line.replaceAll('\\|', '').split('|').length);
    expect(new Set(widths).size, table).toBe(1);
  }
});

test('a report and a chart exist at every moment of a run, without gaps', async () => {
  for (const state of await states()) {
    expect(reportOf(state)).not.toMatch(/undefined|NaN|Infinity/);
    expect(chartOf(state)).not.toMatch(/undefined|NaN|Infinity/);
  }
});

test('the report of a failed run says why it failed and how to continue', async () => {
  const midway = (await states())[8];
  const failed = apply(midway, { version: 2, seq: 99, at: 99, type: 'runFailed', reason: 'no-memory', message: 'Out of memory.' });
  expect(reportOf(failed)).toContain('**The run failed**');
  expect(reportOf(failed)).toContain(`tandem resume ${midway.config!.run}`);
});

test('each change is listed with its reason and its numbers, and one that shares them names the others', async () => {
  const changes = [
    {
      name: 'change 1, line 7',
      reason: 'label scores | summed',
      lines: ['+28.0 points from all of phase 1, change 1 and the weights together'],
    },
    { name: 'the weights', lines: ['measured together with change 1; see the numbers there'] },
  ];
  const report = reportOf((await states()).at(-1)!, changes);
  const section = report.slice(report.indexOf('## Why each change was made')).split('\n\n')[1];
  expect(section.split('\n')).toEqual([
    '- **change 1, line 7**: label scores \\| summed',
    '  - +28.0 points from all of phase 1, change 1 and the weights together',
    '- **the weights**',
    '  - measured together with change 1; see the numbers there',
  ]);
  expect(reportOf((await states()).at(-1)!)).not.toContain('Why each change was made');
});

test.each(parsers)('what a run names, proposes and says is not markup of the report in %s', async (_, render) => {
  const state = (await states()).at(-1)!;
  for (const each of [state, { ...state, status: 'failed', failure: { reason: 'x', message: 'y' } } as RunState]) {
    const [plain, hostile] = ['', hostileText].map((added) => reportOf(withTexts(each, added)));
    expect(tagsOf(render(hostile))).toEqual(tagsOf(render(plain)));
    expect(hostile).toContain('evil.example');
    // eslint-disable-next-line no-control-regex -- they are the subject
    expect(hostile).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  }
});

test('the chart is valid XML, whatever the name of the metric', async () => {
  const chart = chartOf(withTexts((await states()).at(-1)!, '<script>]]>&amp;"\u001b\u0000\u202e'));
  expect(chart).toContain('accuracy&lt;script&gt;]]&gt;&amp;amp;"\\u001b\\u0000\\u202e on validation rows');
  // eslint-disable-next-line no-control-regex -- they are the subject
  expect(chart).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u202e]/);
});
