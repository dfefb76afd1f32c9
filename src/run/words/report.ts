/** @file A run as a Markdown report: a pure function of its state. */
import type { MeasuredState } from '../../optimize/events.ts';
import { stepsOf, type Prompt } from '../../prompt/prompt.ts';
import { unifiedDiff } from '../../prompt/hunks.ts';
import { textsOf } from '../../prompt/values.ts';
import {
  answerEndsText,
  betterText,
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
import { isTimed, type Attribution, type PriceState, type RunState } from '../record/state.ts';
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
import { shortFingerprint } from './shortFingerprint.ts';

/** The file name of the chart, which is beside the report. */
export const chartName = 'metric.svg';

/**
 * The report of a run that has ended, or of one in progress up to this moment.
 * @param changes the changes that it proposes
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
    ...(start && best ? [timelineSection(state)] : []),
    howToRead(config.metric),
    markup`## Details`,
    ...(start && best ? [gateSection(state), candidatesSection(state), curriculumSection(state)] : []),
    settingsSection(state),
    ...(start && best ? [objectiveSection(state, start, best)] : []),
  ];
  return (
    joined(
      sections.filter((section) => section !== undefined),
      '\n\n',
    ).markdown + '\n'
  );
}

function standing(state: RunState): Markdown {
  const { status, failure, elapsed, tokensUsed, config } = state;
  const time = `${duration(elapsed)} (${count(tokensUsed)} tokens)`;
  if (status === 'failed')
    return markup`**The run failed** after ${time}: ${failure?.message ?? ''}\n\nContinue where it stopped: ${code(`tandem resume ${shellWord(config?.run ?? '')}`, whole)}`;
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
      betterText(total),
    ]);
    for (const { metric, before, after, difference } of state.attribution.reported ?? []) {
      rows.push([`test, ${metric}`, percentWithInterval(before), percentWithInterval(after), points(difference), betterText(difference)]);
    }
    rows.push(...likelihoodRow('test', before, after));
  }
  rows.push([
    `validation, ${rowCount(best.score.rows)}`,
    percentWithInterval(start.score),
    percentWithInterval(best.score),
    'used to choose',
    '',
  ]);
  rows.push(...likelihoodRow('validation', start, best));
  rows.push(['prompt tokens', String(start.promptTokens), String(best.promptTokens), '', '']);
  if (state.price) rows.push(...priceRows(state.price));
  return markup`## Before and after\n\n${table(['', 'before', 'after', 'difference', 'is it real?'], rows)}`;
}

/** What one answer costs. The tokens are counted, and the milliseconds are measured on this machine. */
function priceRows({ split, rows, before, after, time }: PriceState): Part[][] {
  const of = (count: number): string => rowCount(count, split === 'test' ? 'test' : 'validation');
  const total = ({ promptTokens, answerTokens }: PriceState['before']): number => promptTokens + answerTokens;
  return [
    [
      markup`**tokens per answer**, prompt included; mean over ${of(rows)}`,
      tokensOf(before),
      tokensOf(after),
      relative(total(before), total(after)),
      '',
    ],
    ...(time
      ? [
          [
            markup`**milliseconds per answer**, asked for one at a time; median over ${of(time.rows)}`,
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

/** Empty if the data has no right answers. */
const likelihoodRow = (split: string, { logLikelihood: before }: Likely, { logLikelihood: after }: Likely): Part[][] =>
  before && after ? [[`${split}, log-likelihood per row`, nats(before), nats(after), '', '']] : [];

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

/** Why each change was made, and what was measured for it; a number that several changes share is shown once. */
function groundsSection(changes: readonly ChangeText[]): Markdown | undefined {
  const items = changes.map(({ name, reason, lines }) =>
    joined(
      [reason === undefined ? markup`- **${name}**` : markup`- **${name}**: ${reason}`, ...lines.map((line) => markup`  - ${line}`)],
      '\n',
    ),
  );
  return items.length === 0 ? undefined : markup`## Why each change was made\n\n${joined(items, '\n')}`;
}

/** Body, demonstrations and decoding as one text, for the diff, with a program's steps one after the other. */
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
    ['the prompt alone', points(promptAlone), betterText(promptAlone)],
    ['the weights alone', points(weightsAlone), betterText(weightsAlone)],
    ['extra from both together', points(interaction), betterText(interaction)],
    [markup`**total**`, points(total), betterText(total)],
  ];
  return markup`## Prompt or weights: what helped\n\n${table(['test rows', 'old prompt', 'new prompt'], [line('old'), line('new')])}\n\n${table(['gained by', 'difference', 'is it real?'], parts)}`;
}

/** What the last soft prompt was worth, i.e. what would be lost without it. */
function softSection({ phases }: RunState): Markdown | undefined {
  const judged = phases.findLast(({ softPrompt }) => softPrompt)?.softPrompt;
  return judged && markup`## Soft prompt\n\n${softText(judged)}.`;
}

/** What the same compute achieved in other ways. */
function controlsSection(state: RunState, names: readonly string[]): Markdown {
  const { controls, budget, attribution, status } = state;
  const compute = isTimed(state)
    ? 'as much compute as the run'
    : `the run's whole budget${budget === undefined ? '' : ` of ${count(budget)} tokens`}`;
  const run = attribution ? [[markup`**this run**`, '', percentWithInterval(cellOf(attribution, 'new', 'new').score), '', '', '']] : [];
  const rows = controls.map(({ control, because, measured, tokensUsed }) => [
    control,
    because,
    measured ? percentWithInterval(measured.score) : status === 'ended' ? 'not measured' : 'under way',
    measured ? points(measured.difference) : '',
    measured ? betterText(measured.difference) : '',
    count(tokensUsed),
  ]);
  const intro = `${names.length} controls, each with the same start and ${compute}, measured on the same test rows. The difference is this run minus the control, row by row.`;
  const head = ['', 'what', 'test', 'this run minus it', 'is it real?', 'tokens'];
  return markup`## Controls at equal compute\n\n${intro}\n\n${table(head, [...run, ...rows])}`;
}

function timelineSection({ phases, history, status }: RunState): Markdown {
  const rows = phases.map((phase) => {
    const after = history.find((point) => point.phase === phase.phase);
    const outcome = phase.ended ? (phase.ended.accepted ? kept : 'not kept') : status === 'ended' ? 'not finished' : 'under way';
    const spent = phase.ended ? [duration(phase.ended.at - phase.startedAt), count(phase.ended.tokensUsed - phase.startTokens)] : ['', ''];
    return [
      String(phase.phase),
      phase.block ?? phase.target,
      phase.because,
      triedText(phase),
      outcome,
      after ? percentWithInterval(after.score) : '',
      ...spent,
    ];
  });
  const header = ['phase', 'tunes', 'why', 'tried', 'outcome', 'best on validation', 'time', 'tokens'];
  return markup`## Phases\n\n![The metric over the run](${chartName})\n\n${rows.length > 0 ? table(header, rows) : status === 'ended' ? 'No phase was started.' : 'No phase has started yet.'}`;
}

function curriculumSection({ curriculum }: RunState): Markdown | undefined {
  if (!curriculum) return undefined;
  const lines = [
    ...curriculum.data.map((point) => ({ phase: point.phase, text: difficultyText(point) })),
    ...curriculum.freedom.map((point) => ({ phase: point.phase, text: `${freedomText(point)}; ${point.because}` })),
  ].sort((a, b) => a.phase - b.phase);
  return markup`### Learning schedule\n\n${table(
    ['phase', 'what grew'],
    lines.map(({ phase, text }) => [phase, text]),
  )}`;
}

/** J and its three terms: before, after every phase, and at the end. */
function objectiveSection({ history }: RunState, start: MeasuredState, best: MeasuredState): Markdown {
  const first = start.objective.logLikelihood === undefined ? 'score' : 'log-likelihood';
  const line = (name: string, { objective, score }: Pick<MeasuredState, 'objective' | 'score'>): Part[] => [
    name,
    (objective.logLikelihood ?? score.mean).toFixed(4),
    objective.weightPenalty.toFixed(4),
    objective.promptPenalty.toFixed(4),
    markup`**${objective.total.toFixed(4)}**`,
  ];
  const phases = history.filter(({ phase }) => phase > 0).map((point) => line(`best after phase ${point.phase}`, point));
  const head = ['', first, 'λ₁R₁ (weights)', 'λ₂R₂ (prompt)', 'J'];
  return markup`### Objective J\n\nThe run maximizes J = ${first} − λ₁R₁ − λ₂R₂, per validation row.\n\n${table(head, [line('before', start), ...phases, line('after', best)])}`;
}

function gateSection({ phases }: RunState): Markdown | undefined {
  const rows = phases.flatMap(({ phase, target, block, candidates }) =>
    candidates.flatMap(({ candidate, decision }) =>
      decision
        ? [
            [
              String(phase),
              block ?? target,
              candidate,
              decision.accepted ? kept : 'not kept',
              decision.because,
              points(decision.score),
              sureness(decision.score),
              decision.logLikelihood ? natsGained(decision.logLikelihood) : '',
            ],
          ]
        : [],
    ),
  );
  if (rows.length === 0) return undefined;
  return markup`### Gate decisions\n\n${table(['phase', 'tunes', 'candidate', 'outcome', 'because', 'difference', 'P(better)', 'log-likelihood'], rows)}`;
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
  return markup`### Prompts tried\n\nTheir texts are in \`candidates/\`.\n\n${table(['candidate', 'source', 'reason', 'last measured against the best', 'outcome'], rows)}`;
}

function settingsSection(state: RunState): Markdown | undefined {
  const { config, tokensPerSecond, budget } = state;
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
    ['model', markup`${config.model.name} (${code(shortFingerprint(config.model.fingerprint, 12))})`],
    ['metric', config.metric],
    ...(config.answerEnds ? [['answers', answerEndsText(config.answerEnds)]] : []),
    ['seed', String(config.seed)],
    ['coordinator', coordinatorText(config)],
    ...(config.adapters ? [['adapters', 'one per step']] : []),
    ...(config.curriculum ? [['learning schedule', `${config.curriculum.of}, pacing ${config.curriculum.pacing}`]] : []),
    ...(config.lora ? [['requested LoRA', loraText(config.lora)]] : []),
    ...(config.worth ? [['price', worthText(config.worth)]] : []),
    ...(config.chatDate === undefined ? [] : [['date in the chat template', config.chatDate]]),
    [
      'budget',
      'seconds' in config.budget && isTimed(state)
        ? `${duration(config.budget.seconds * 1000)} in total; ${count(tokensPerSecond ?? 0)} tokens per second at the end`
        : `${'seconds' in config.budget ? duration(config.budget.seconds * 1000) : 'given in tokens'}${budget === undefined ? '' : `: ${count(budget)} tokens at ${count(tokensPerSecond ?? 0)} per second`}`,
    ],
    ['executor', `${config.executor}, ${config.threads} threads`],
    ['versions', `Tandem ${versions.tandem}, Node ${versions.node}, ${versions.platform}`],
    ['started', config.startedAt],
  ];
  return markup`### Settings\n\n${table(['', ''], rows)}`;
}

const howToRead = (metric: string): Markdown => markup`## How to read this

- The metric is ${metric}. Square brackets show 95% intervals over rows.
- A *difference* compares two states on the same rows. *P(better)* is the probability that the difference is above zero; from
  97.5% on, the whole interval is above zero. *Very likely real* means a P(better) of at least 99% (for a loss, at most 1%), *likely real* at least
  90% (at most 10%). If one result is the best of several, the gate takes that into account in these words too.
- Every phase started from the best state so far. Its result was kept only if the paired evidence on the validation rows was strong enough. The
  validation numbers of the winner are therefore optimistic. The test rows were not used for any choice.
- *Extra from both together* is what neither the prompt nor the weights gain alone: new weights may need the new prompt, or suffer from it.
- The *tokens per answer* are what each answer costs: the prompt with its row, and the answer. The *milliseconds per answer* were measured on this
  machine, one answer at a time, with no prompt cached.
- *Tokens* of a run count what the model processed: 1 for a token in a forward pass, 3 in a training step.`;

const kept = markup`**kept**`;

/** Names are shown in full. */
const whole = Infinity;
