/** @file The tool `results`: the runs of the workspace with their outcome, or the report of one. */
import { join, resolve } from 'node:path';
import { TandemError } from '../../errors.ts';
import { isInside } from '../../run/record/inside.ts';
import { portable } from '../../run/record/runDirectory.ts';
import { readRun, readRunList, unreadableText, type ListedRun, type Standing, type UnreadableRun } from '../../run/record/runList.ts';
import type { RunState } from '../../run/record/state.ts';
import { workspaceOf } from '../../run/record/tandemFolder.ts';
import { reportOf } from '../../run/words/report.ts';
import { changesOf } from '../../run/words/reportFile.ts';
import { headline } from '../../run/words/words.ts';
import { choice, closed, list, object, optional, text } from '../fields.ts';
import { defineTool } from '../tool.ts';
import { requireInside } from '../workspace.ts';

interface ResultsInput {
  readonly prompt?: string;
  readonly run?: string;
}

interface Results {
  readonly runs: readonly RunSummary[];
  readonly unreadable: readonly string[];
  readonly report?: string;
}

interface RunSummary {
  readonly run: string;
  readonly prompt: string;
  readonly created: string;
  readonly standing: Standing;
  readonly headline: string;
}

const standings: readonly Standing[] = ['ended', 'failed', 'unfinished'];

export const results = defineTool<ResultsInput, Results>({
  name: 'results',
  title: 'List runs and read reports',
  description:
    'List the optimization runs of the workspace, newest first, each with its outcome in half a sentence; or, with `run`, get the full report of one as Markdown: what changed and why, the score before and after with intervals, and what each change brought. Nothing is measured.',
  readsOnly: true,
  input: closed<ResultsInput>({
    prompt: optional(text('Only the runs of this prompt file: its path, relative to the workspace.')),
    run: optional(text('Name of a run, as listed: its report is returned.')),
  }),
  output: object<Results>({
    runs: list(
      'The runs, newest first; with `run` only that one.',
      object<RunSummary>({
        run: text('Its name.'),
        prompt: text('Its prompt file in the workspace.'),
        created: text('When it began, ISO 8601.'),
        standing: choice('unfinished: it is under way, or was killed and can be resumed.', standings),
        headline: text('Its outcome in half a sentence.'),
      }),
    ),
    unreadable: list('Runs that cannot be read, and why.', text('One of them.')),
    report: optional(text('The report as Markdown.')),
  }),
  async answer({ prompt, run }, { workspace }) {
    const path = prompt === undefined ? undefined : resolve(workspace, prompt);
    if (path !== undefined) requireInside(workspace, path);
    const home = workspaceOf(path ?? join(workspace, '_'));
    const unreadable: UnreadableRun[] = [];
    const all = await readRunList(home, (each) => unreadable.push(each));
    const asked = all.filter((each) => isInside(workspace, each.prompt) && (path === undefined || each.prompt === path));
    const known = await Promise.all(asked.map(async (listed) => ({ listed, ...(await readRun(listed.directory)) })));
    const summaries = known.map(({ listed, state }) => summaryOf(listed, state, workspace));
    if (run === undefined)
      return { text: listText(summaries, unreadable), data: { runs: summaries, unreadable: unreadable.map(unreadableText) } };
    const defect = unreadable.find((each) => each.run === run);
    if (defect) throw defect.error;
    const one = known.find(({ listed }) => listed.directory.run === run);
    if (!one) throw noRun(run, summaries);
    const report = reportOf(one.state, changesOf(one.listed.directory, one.state));
    return { text: report, data: { runs: summaries.filter((each) => each.run === run), unreadable: [], report } };
  },
});

const summaryOf = ({ directory, prompt, created, standing }: ListedRun, state: RunState, workspace: string): RunSummary => ({
  run: directory.run,
  prompt: portable(workspace, prompt),
  created,
  standing,
  headline: headline(state),
});

function listText(runs: readonly RunSummary[], unreadable: readonly UnreadableRun[]): string {
  const lines = runs.map(({ run, prompt, standing, headline }) => `${run}  ${prompt}, ${standing}: ${headline}`);
  if (lines.length === 0) lines.push('There are no runs.');
  return [...lines, ...unreadable.map(unreadableText), ''].join('\n');
}

const noRun = (run: string, known: readonly RunSummary[]): TandemError =>
  new TandemError('no-run', `There is no run named '${run}'.`, {
    hint: known.length > 0 ? `Available runs: ${known.map((each) => each.run).join(', ')}.` : 'Start one with the tool optimize.',
  });
