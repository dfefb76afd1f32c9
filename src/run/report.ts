/** @file A run as a Markdown report: a pure function of its state. */
import type { MeasuredState } from '../optimize/events.ts';
import { stepsOf, type Prompt } from '../prompt/prompt.ts';
import { unifiedDiff } from '../prompt/hunks.ts';
import { textsOf } from '../prompt/values.ts';
import {
  answerEndsText,
  coordinatorText,
  count,
  duration,
  loraText,
  milliseconds,
  nats,
  natsGained,
  percentWithInterval,
  points,
  relative,
  rowCount,
  sureness,
  tokensOf,
  worthText,
} from './format.ts';
import type { ChangeText } from './changesText.ts';
import { code, fenced, joined, markup, table, type Markdown, type Part } from './markdown.ts';
import { shellWord } from './shellWord.ts';
import { isTimed, type Attribution, type PriceState, type RunState } from './state.ts';
import { textStayedText, triedText } from './triedText.ts';
import {
  cutLines,
  difficultyText,
  endedText,
  fate,
  cellOf,
  headline,
  freedomText,
  nothingText,
  refitText,
  softText,
  warmStartText,
  writerText,
} from './words.ts';

/** Name of the chart that the report shows, beside it. */
export const chartName = 'metric.svg';

/**
 * The report of a run that ended, or of one under way as far as it got.
 * @param changes that it proposes
 */
export function reportOf(state: RunState, changes: readonly ChangeText[] = []): string {
  const { config, start, best } = state;
  if (!config) return '# A run that has not started\n';
  const sections: readonly (Markdown | undefined)[] = [
    markup`# ${config.prompt}: ${headline(state)}`,
    standing(state),
    ...[writerText(state)].flatMap((line) => (line === undefined ? [] : [markup`${line}`])),
    ...[state.warmStart, state.warmSoft].flatMap((probed) => (probed ? [markup`${warmStartText(probed)}.`] : [])),
    ...[...state.notices, ...cutLines(state)].map((notice) => markup`> **Notice:** ${notice}`),
    ...(start && best ? [measuredSection(state, start, best), changeSection(state, start, best), groundsSection(changes)] : []),
    ...(state.attribution ? [attributionSection(state.attribution)] : []),
    softSection(state),
    ...(config.controls ? [controlsSection(state, config.controls)] : []),
    ...(start && best
      ? [timelineSection(state), curriculumSection(state), objectiveSection(start, best), gateSection(state), candidatesSection(state)]
      : []),
    settingsSection(state),
    readingSection(config.metric),
  ];
  return (
    joined(
      sections.filter((section) => section !== undefined),
      '\n\n',
    ).markdown + '\n'
  );
}

function standing(state: RunState): Markdown {
  const { status, failure, elapsed, passes, config } = state;
  const time = `${duration(elapsed)}, ${count(passes)} token passes`;
  if (status === 'failed')
    return markup`**The run failed** after ${time}: ${failure?.message ?? ''}\n\nGo on where it stood: ${code(`tandem resume ${shellWord(config?.run ?? '')}`, whole)}`;
  if (status !== 'ended') return markup`The run is under way: ${time} so far.`;
  return markup`${endedText(state)}`;
}

function measuredSection(state: RunState, start: MeasuredState, best: MeasuredState): Markdown {
  const rows: Part[][] = [];
  if (state.attribution) {
    const [before, after] = [cellOf(state.attribution, 'old', 'old'), cellOf(state.attribution, 'new', 'new')];
    const { total } = state.attribution;
    rows.push([
      markup`**test**, ${rowCount(after.score.rows)}`,
      percentWithInterval(before.score),
      percentWithInterval(after.score),
      points(total),
      sureness(total),
    ]);
    for (const { metric, before, after, difference } of state.attribution.reported ?? []) {
      rows.push([`test, ${metric}`, percentWithInterval(before), percentWithInterval(after), points(difference), sureness(difference)]);
    }
    rows.push(...likelihoodRow('test', before, after));
  }
  rows.push([
    `validation, ${rowCount(best.score.rows)}`,
    percentWithInterval(start.score),
    percentWithInterval(best.score),
    'chosen on these rows',
    '',
  ]);
  rows.push(...likelihoodRow('validation', start, best));
  rows.push(['tokens of the prompt', String(start.promptTokens), String(best.promptTokens), '', '']);
  if (state.price) rows.push(...priceRows(state.price));
  return markup`## Before and after\n\n${table(['', 'before', 'after', 'paired difference', 'P(better)'], rows)}`;
}

/** What one answer costs: the tokens are counted, the milliseconds are of this machine. */
function priceRows({ split, rows, before, after, time }: PriceState): Part[][] {
  const of = (count: number): string => rowCount(count, split === 'test' ? 'test' : 'validation');
  const total = ({ promptTokens, answerTokens }: PriceState['before']): number => promptTokens + answerTokens;
  return [
    [
      markup`**tokens of an answer**, with its prompt; mean of ${of(rows)}`,
      tokensOf(before),
      tokensOf(after),
      relative(total(before), total(after)),
      '',
    ],
    ...(time
      ? [
          [
            markup`**milliseconds of an answer** that is asked for alone; median of ${of(time.rows)}`,
            milliseconds(time.before),
            milliseconds(time.after),
            time.before > 0 ? relative(time.before, time.after) : '',
            '',
          ],
        ]
      : []),
  ];
}
type Likely = Pick<MeasuredState, 'logLikelihood'>;

/** Nothing where the data has no right answers. */
const likelihoodRow = (split: string, { logLikelihood: before }: Likely, { logLikelihood: after }: Likely): Part[][] =>
  before && after ? [[`${split}, log-likelihood a row`, nats(before), nats(after), '', '']] : [];

function changeSection(state: RunState, start: MeasuredState, best: MeasuredState): Markdown {
  const { config } = state;
  const stayed = textStayedText(state);
  if (best.candidate === start.candidate)
    return markup`## What changed\n\n${[nothingText(state), ...(stayed === undefined ? [] : [stayed])].join(' ')}`;
  const weights =
    best.adapter === start.adapter
      ? 'Weights: unchanged.'
      : markup`Weights: the LoRA adapter ${code(`adapters/${best.adapter ?? ''}`, whole)} (a PEFT directory).`;
  const diff = unifiedDiff(config?.prompt ?? 'prompt', promptText(start.prompt), promptText(best.prompt));
  const refit = state.refit ? markup` ${refitText(state.refit)}` : '';
  return markup`## What changed\n\n${weights}${refit}\n\n${diff === '' ? 'Prompt: unchanged.' : fenced(diff, 'diff')}${stayed === undefined ? '' : markup`\n\n${stayed}`}`;
}

/** Why each change was made, and what was measured of it; a number of several stands once. */
function groundsSection(changes: readonly ChangeText[]): Markdown | undefined {
  const items = changes.map(({ name, reason, lines }) =>
    joined(
      [reason === undefined ? markup`- **${name}**` : markup`- **${name}**: ${reason}`, ...lines.map((line) => markup`  - ${line}`)],
      '\n',
    ),
  );
  return items.length === 0 ? undefined : markup`## What each change rests on\n\n${joined(items, '\n')}`;
}

/** Body, demonstrations and decoding as one text, for the diff; a program's steps one after the other. */
export const promptText = (prompt: Prompt): string => stepsOf(prompt).map(stepText).join('\n');

function stepText({ body, demonstrations, decoding = {} }: Prompt): string {
  const set = Object.entries(decoding).map(([name, value]) => `decoding.${name}: ${JSON.stringify(value)}\n`);
  const shown = demonstrations.map(({ inputs, output }) => `demonstration: ${Object.values(textsOf(inputs)).join(' | ')} => ${output}\n`);
  return set.join('') + shown.join('') + body + (body.endsWith('\n') ? '' : '\n');
}

function attributionSection(attribution: Attribution): Markdown {
  const { total, promptAlone, weightsAlone, interaction } = attribution;
  const line = (weights: 'old' | 'new'): Part[] => [
    markup`**${weights} weights**`,
    ...(['old', 'new'] as const).map((prompt) => percentWithInterval(cellOf(attribution, weights, prompt).score)),
  ];
  const parts = [
    ['the prompt alone', points(promptAlone), sureness(promptAlone)],
    ['the weights alone', points(weightsAlone), sureness(weightsAlone)],
    ['both together, beyond the sum', points(interaction), sureness(interaction)],
    [markup`**in all**`, points(total), sureness(total)],
  ];
  return markup`## Which lever did it\n\n${table(['test rows', 'old prompt', 'new prompt'], [line('old'), line('new')])}\n\n${table(['gained by', 'difference', 'P(better)'], parts)}`;
}

/** What the last soft prompt was worth: what would be lost without it. */
function softSection({ phases }: RunState): Markdown | undefined {
  const judged = phases.findLast(({ softPrompt }) => softPrompt)?.softPrompt;
  return judged && markup`## Soft prompt\n\n${softText(judged)}.`;
}

/** What the same compute brought otherwise. */
function controlsSection(state: RunState, names: readonly string[]): Markdown {
  const { controls, budget, attribution, status } = state;
  const compute = isTimed(state)
    ? 'as much compute as the run'
    : `the run's whole budget${budget === undefined ? '' : ` of ${count(budget)} token passes`}`;
  const run = attribution ? [[markup`**this run**`, '', percentWithInterval(cellOf(attribution, 'new', 'new').score), '', '', '']] : [];
  const rows = controls.map(({ control, because, measured, passes }) => [
    control,
    because,
    measured ? percentWithInterval(measured.score) : status === 'ended' ? 'not measured' : 'under way',
    measured ? points(measured.difference) : '',
    measured ? sureness(measured.difference) : '',
    count(passes),
  ]);
  const intro = `${names.length} controls, each from the same start with ${compute}, on the same test rows. The difference is this run's over the control's, row by row.`;
  const head = ['', 'what', 'test', 'this run against it', 'P(better)', 'passes'];
  return markup`## Controls at equal compute\n\n${intro}\n\n${table(head, [...run, ...rows])}`;
}

function timelineSection({ phases, history, status }: RunState): Markdown {
  const rows = phases.map((phase) => {
    const after = history.find((point) => point.phase === phase.phase);
    const outcome = phase.ended ? (phase.ended.accepted ? kept : 'not kept') : status === 'ended' ? 'broken off' : 'under way';
    const spent = phase.ended ? [count(phase.ended.passes - phase.startPasses), duration(phase.ended.at - phase.startedAt)] : ['', ''];
    return [
      String(phase.phase),
      phase.block ?? phase.lever,
      phase.because,
      triedText(phase),
      outcome,
      after ? percentWithInterval(after.score) : '',
      after ? after.objective.total.toFixed(3) : '',
      ...spent,
    ];
  });
  const header = ['phase', 'lever', 'why', 'tried', 'outcome', 'best on validation', 'J', 'passes', 'time'];
  return markup`## Phases\n\n![The metric over the run](${chartName})\n\n${rows.length > 0 ? table(header, rows) : status === 'ended' ? 'No phase was begun.' : 'No phase has begun.'}`;
}

function curriculumSection({ curriculum }: RunState): Markdown | undefined {
  if (!curriculum) return undefined;
  const lines = [
    ...curriculum.data.map((point) => ({ phase: point.phase, text: difficultyText(point) })),
    ...curriculum.freedom.map((point) => ({ phase: point.phase, text: `${freedomText(point)}; ${point.because}` })),
  ].sort((a, b) => a.phase - b.phase);
  return markup`## Curriculum\n\n${table(
    ['phase', 'what grew'],
    lines.map(({ phase, text }) => [phase, text]),
  )}`;
}

function objectiveSection(start: MeasuredState, best: MeasuredState): Markdown {
  const first = start.objective.logLikelihood === undefined ? 'score' : 'log-likelihood';
  const line = (name: string, { objective, score }: MeasuredState): Part[] => [
    name,
    (objective.logLikelihood ?? score.mean).toFixed(4),
    objective.weightPenalty.toFixed(4),
    objective.promptPenalty.toFixed(4),
    markup`**${objective.total.toFixed(4)}**`,
  ];
  return markup`## Objective\n\nJ = ${first} − λ₁R₁ − λ₂R₂, per row of the validation split.\n\n${table(['', first, 'λ₁R₁ (weights)', 'λ₂R₂ (prompt)', 'J'], [line('before', start), line('after', best)])}`;
}

function gateSection({ phases }: RunState): Markdown | undefined {
  const rows = phases.flatMap(({ phase, lever, block, candidates }) =>
    candidates.flatMap(({ candidate, decision }) =>
      decision
        ? [
            [
              String(phase),
              block ?? lever,
              candidate,
              points(decision.score),
              decision.logLikelihood ? natsGained(decision.logLikelihood) : '',
              sureness(decision.score),
              decision.accepted ? kept : 'not kept',
              decision.because,
            ],
          ]
        : [],
    ),
  );
  if (rows.length === 0) return undefined;
  return markup`## Decisions of the gate\n\n${table(['phase', 'lever', 'candidate', 'metric', 'log-likelihood', 'P(better)', 'outcome', 'because'], rows)}`;
}

function candidatesSection({ phases }: RunState): Markdown | undefined {
  const rows = phases.flatMap(({ candidates }) =>
    candidates.flatMap(({ candidate, proposal, measured, decision }) => {
      const last = measured.at(-1);
      return proposal
        ? [
            [
              candidate,
              proposal.proposer,
              proposal.reason,
              last ? `${points(last.score)}, ${last.score.rows} rows` : '',
              decision?.accepted ? markup`**${fate({ measured, decision })}**` : fate({ measured, decision }),
            ],
          ]
        : [];
    }),
  );
  if (rows.length === 0) return undefined;
  return markup`## Prompts tried\n\nTheir texts are in \`candidates/\`.\n\n${table(['candidate', 'proposer', 'reason', 'last measured against the best', 'fate'], rows)}`;
}

function settingsSection(state: RunState): Markdown | undefined {
  const { config, passesPerSecond, budget } = state;
  if (!config) return undefined;
  const { splits, versions } = config;
  const rows: Part[][] = [
    ['run', code(config.run, whole)],
    [
      'data',
      joined(
        config.data.map((file) => code(file, whole)),
        ', ',
      ),
    ],
    ['rows', `${splits.train} train, ${splits.val} validation, ${splits.test} test`],
    ['model', markup`${config.model.name} (${code(config.model.fingerprint.slice(0, 12))})`],
    ['metric', config.metric],
    ...(config.answerEnds ? [['answers', answerEndsText(config.answerEnds)]] : []),
    ['seed', String(config.seed)],
    ['coordinator', coordinatorText(config)],
    ...(config.adapters ? [['adapters', 'one for each step']] : []),
    ...(config.curriculum ? [['curriculum', `${config.curriculum.of}, pacing ${config.curriculum.pacing}`]] : []),
    ...(config.lora ? [['LoRA asked for', loraText(config.lora)]] : []),
    ...(config.worth ? [['price', worthText(config.worth)]] : []),
    ...(config.chatDate === undefined ? [] : [['day told to the chat template', config.chatDate]]),
    [
      'budget',
      'seconds' in config.budget && isTimed(state)
        ? `${duration(config.budget.seconds * 1000)} in all, planned by the clock; at the end ${count(passesPerSecond ?? 0)} token passes a second`
        : `${'seconds' in config.budget ? duration(config.budget.seconds * 1000) : 'given in passes'}${budget === undefined ? '' : ` = ${count(budget)} token passes at ${count(passesPerSecond ?? 0)} a second`}`,
    ],
    ['executor', `${config.executor}, ${config.threads} threads`],
    ['versions', `Tandem ${versions.tandem}, Node ${versions.node}, ${versions.platform}`],
    ['started', config.startedAt],
  ];
  return markup`## Settings\n\n${table(['', ''], rows)}`;
}

const readingSection = (metric: string): Markdown => markup`## How to read this

- The metric is ${metric}. Square brackets hold 95% intervals over rows.
- A *paired difference* compares two states on the very same rows; *P(better)* says how sure it is that the difference is above zero: from 97.5% on the whole interval is.
- Every step started from the best state so far and was kept only when the paired evidence on the validation rows spoke for it. The
  validation numbers of the winner are therefore flattering; the test rows took no part in any choice.
- *Both together, beyond the sum* is what neither lever gains alone: new weights may need the new prompt, or spoil it.
- The *price of an answer* is what each answer pays for: the tokens of the prompt with the row in it and those of the answer. Its milliseconds
  were measured on this machine, one answer at a time and with no prompt remembered.
- A *token pass* is one token through the model forward; backward counts two.`;

/** @throws never: the four cells are always measured together */

const kept = markup`**kept**`;

/** Names are shown in full. */
const whole = Infinity;
