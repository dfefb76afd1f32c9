/** @file Writes bench/results.md from the result files: `npm run bench -- report`. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { simultaneousVariants, type AloneText, type JointLine } from './cases/jointRun.ts';
import { curriculumTable, type CurriculumLine } from './cases/curriculumTable.ts';
import { readLines } from './cases/resultLines.ts';
import { warmStartTable, type WarmStartLine } from './cases/warmStartTable.ts';
import { crossedDifference, crossedMean } from './cases/crossed.ts';
import { digits, mean, percent, points, qualitySections, scoresOf } from './cases/qualityTable.ts';

const order = [
  'coordinate',
  'adapter only',
  'prompts only',
  'prompt only',
  'weights only',
  'chain p -> w -> p',
  'plain gate',
  'mixture',
  'look-ahead',
  ...Object.keys(simultaneousVariants),
];

const sections = [
  '# Results',
  'Made by `npm run bench -- report` from the files in `bench/results/`. Intervals are 95% intervals over the test rows and the seeds, both taken for samples (`bench/cases/crossed.ts`); of a single seed over the rows.',
  ...['few-rows', 'long-prompts', 'rules', 'wordings', 'forgetting'].map((name) => fileText(`bench/results/${name}.md`)),
  ...exampleSections(readLines<JointLine>('bench/results/examples.jsonl')),
  ...programSections(readLines<JointLine>('bench/results/program.jsonl')),
  ...['nano', 'smollm2-135m'].flatMap((model) => simultaneousSections(model, readLines(`bench/results/simultaneous-${model}.jsonl`))),
  ...curriculumSections(readLines('bench/results/curriculum.jsonl')),
  ...warmStartSections(readLines('bench/results/warm-start.jsonl')),
  ...qualitySections(readLines<JointLine>('bench/results/quality.jsonl'), readLines<JointLine>('bench/results/quality-many.jsonl')),
  ...jointSections(readLines<JointLine>('bench/results/joint.jsonl')),
  fileText('bench/results/speed.md'),
];
writeFileSync('bench/results.md', sections.filter(Boolean).join('\n\n') + '\n');

/** Tables that a benchmark wrote itself; empty if it has not run. */
function fileText(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
}

function exampleSections(lines: readonly JointLine[]): string[] {
  if (!lines.length) return [];
  const [{ budget }] = lines;
  return [
    `## The examples with the embedded model\n\nnano, ${budget.toLocaleString('en')} tokens a run: about a minute on two quiet cores of an EPYC of 2024 (family 26). ` +
      "The rows are split as `tandem optimize` splits them, the same for all seeds; look-ahead is `tandem optimize`'s default. Drift: squared norm of the change of the weights, R1. " +
      `Code: ${[...new Set(lines.map(({ commit }) => commit))].join(', ')}.\n\n\`npm run bench -- examples\``,
    ...tables(lines),
  ];
}

function programSections(lines: readonly JointLine[]): string[] {
  if (!lines.length) return [];
  const [{ budget }] = lines;
  return [
    `## A program of two steps\n\nnano, ${budget.toLocaleString('en')} tokens a run, on examples/triage: which desk, then which intent; only the last answer is judged. ` +
      'Coordinate descent over all blocks beside the same with the adapter alone and with the prompts and decoding alone. ' +
      'Each seed divides the rows anew, into as many as `tandem optimize` does; the test rows are sealed until a run has ended. ' +
      `Code: ${[...new Set(lines.map(({ commit }) => commit))].join(', ')}.\n\n\`npm run bench -- program\``,
    ...tables(lines),
    blocksTable(lines.filter(({ variant }) => variant === 'coordinate')),
  ];
}

/** What each block was worth in its turn: points on the validation rows if the gate kept it. */
function blocksTable(lines: readonly JointLine[]): string {
  const rows = lines.flatMap(({ seed, phases }) =>
    phases.map(({ block, target, accepted, val, tokensUsed }, place) => {
      const before = phases[place - 1]?.tokensUsed ?? 0;
      return [
        String(seed),
        block ?? target,
        accepted ? `kept, ${(100 * val).toFixed(1)} on validation rows` : 'not kept',
        `${Math.round((tokensUsed - before) / 1000)}k`,
      ];
    }),
  );
  const head = ['seed', 'block', 'outcome', 'tokens'];
  return `Block by block:\n\n${[head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')}`;
}

function simultaneousSections(model: string, lines: readonly JointLine[]): string[] {
  if (!lines.length) return [];
  const [{ budget }] = lines;
  const intro =
    `## Soft prompt and weights at once: ${model}\n\n${budget.toLocaleString('en')} tokens a run. trec6, sst2 and banking12 with 100 training, 60 validation and 200 test ` +
    'rows, which the seeds draw but for the test rows; support as `tandem optimize` splits it. ' +
    `Code: ${[...new Set(lines.map(({ commit }) => commit))].join(', ')}.\n\n\`npm run bench -- simultaneous${model === 'nano' ? '' : ` --model ${model} --tokens ${budget}`}\``;
  const alone =
    '### The projected text alone, with the base weights\n\nOf each run the text that its soft prompt was projected to and that came furthest in the race on the validation rows, ' +
    'measured once on the test rows with the base weights; and the same of the texts that gradients led to. The answers of all of them are read off the label scores as the first phase found best, ' +
    'which is worth much by itself: the plain prompt stands here read so too. Differences are paired, over the seeds.';
  return [intro, ...tables(lines), `${alone}\n\n${aloneTable(lines)}`];
}

function curriculumSections(lines: readonly CurriculumLine[]): string[] {
  if (!lines.length) return [];
  return [
    '## Curricula\n\nnano, held-out tasks of the corpus: 64 training, 48 validation and 100 test rows, phases of 24 steps of 8 rows, self-paced unless it is said. Steps and tokens: ' +
      'to the validation log-likelihood that the run without a curriculum ends with, as a multiple of its own, median over the seeds. ' +
      `Whether one helps is told in [docs/curriculum.md](../docs/curriculum.md).\n\n\`npm run bench -- curriculum\`\n\n${curriculumTable(lines)}`,
  ];
}

function warmStartSections(lines: readonly WarmStartLine[]): string[] {
  if (!lines.length) return [];
  return [
    "## Warm starts\n\nnano's own learned start (`models/nano/warm-start/`) on tasks that it never saw, those whose source is held out first. 48 validation and 100 test rows. " +
      'Cost: what the learned start needs to the best validation score of the cold one, as a multiple of what that needed; weight steps of the adapter alone, tokens where prompts are tried. For the prompt alone only the prior over proposals is learned. ' +
      'The target is a median of 0.5; [docs/warm-start.md](../docs/warm-start.md) tells what was tried.\n\n`npm run bench -- warm-start`',
    warmStartTable(lines),
  ];
}

type Alone = (line: JointLine) => AloneText | undefined;

function aloneTable(lines: readonly JointLine[]): string {
  const head = [
    '',
    'seeds',
    'plain prompt',
    'plain prompt, read as the texts',
    'projected text',
    'by seed',
    'against the plain prompt',
    'against it, read as the texts',
    'gradient edits against it, read as the texts',
  ];
  const rows = [...new Set(lines.map(({ task, variant }) => `${task}, ${variant}`))].flatMap((name) => {
    const runs = lines.filter(({ task, variant, projected }) => `${task}, ${variant}` === name && projected);
    if (!runs.length) return [];
    const plainScored = (line: JointLine, of: Alone): string => of(line)?.plainReadSo ?? line.before;
    const against = (of: Alone, plain: (line: JointLine, of: Alone) => string): string => {
      const pairs = runs.flatMap((line) => (of(line) ? [[plain(line, of), of(line)!.scores] as const] : []));
      if (!pairs.length) return '';
      return points(crossedDifference([[pairs.map(([a]) => digits(a)), pairs.map(([, b]) => digits(b))]]));
    };
    const projected: Alone = (line) => line.projected;
    const texts = runs.map((line) => line.projected!.scores);
    return [
      [
        name,
        String(runs.length),
        percent(crossedMean([runs.map(({ before }) => digits(before))])),
        percent(crossedMean([runs.map((line) => digits(plainScored(line, projected)))])),
        percent(crossedMean([texts.map(digits)])),
        texts.map((scores) => (100 * mean(digits(scores))).toFixed(1)).join(' · '),
        against(projected, ({ before }) => before),
        against(projected, plainScored),
        against(({ edited }) => edited, plainScored),
      ],
    ];
  });
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function jointSections(lines: readonly JointLine[]): string[] {
  if (!lines.length) return [];
  const [{ budget }] = lines;
  const intro =
    `## Joint optimization beside its parts\n\nSmolLM2-135M-Instruct, ${budget.toLocaleString('en')} tokens a run (forward 1, backward 2), ` +
    'which is about three minutes on two quiet cores of an EPYC of 2024 (family 26) and twice as long on one of 2022 (family 25). 100 validation rows, 300 test rows, the same for all; seeds draw the training and ' +
    'validation rows and everything random. The plain prompt is what every run starts from; the last column is the paired difference to ' +
    'tuning the weights only, over the seeds that both have: where variants do not have the same seeds, it alone compares them. ' +
    `Code: ${[...new Set(lines.map(({ commit }) => commit))].join(', ')}.\n\n` +
    '`npm run bench -- joint`, and `npm run bench -- joint --task trec6 --train 32`';
  return [intro, ...tables(lines)];
}

function tables(lines: readonly JointLine[]): string[] {
  const nameOf = ({ task, train }: JointLine): string => `${task}, ${train} training rows`;
  return [...new Set(lines.map(nameOf))].map((name) =>
    taskTable(
      name,
      lines.filter((line) => nameOf(line) === name),
    ),
  );
}

function taskTable(name: string, lines: readonly JointLine[]): string {
  const variants = order.filter((variant) => lines.some((line) => line.variant === variant));
  const of = (variant: string): JointLine[] => lines.filter((line) => line.variant === variant).sort((a, b) => a.seed - b.seed);
  const alone = lines.some(({ variant }) => variant === 'adapter only') ? 'adapter only' : 'weights only';
  const weights = of(alone);
  const baseline = [...new Map(lines.map((line) => [line.seed, line])).values()];
  const rows = [
    ['plain prompt', percent(crossedMean([baseline.map(({ before }) => digits(before))])), '', '', '', '', '', ''],
    ...variants.map((variant) => {
      const runs = of(variant);
      const gains = runs.map(({ before, after }) => crossedDifference([[[digits(before)], [digits(after)]]]));
      const worst = gains.reduce((a, b) => (a.mean < b.mean ? a : b));
      const both = runs.flatMap((run) => weights.filter(({ seed }) => seed === run.seed).map((other) => [other, run] as const));
      const against =
        variant === alone || !both.length
          ? ''
          : points(crossedDifference([[scoresOf(both.map(([other]) => other)), scoresOf(both.map(([, run]) => run))]]));
      return [
        variant,
        percent(crossedMean([scoresOf(runs)])),
        runs.map(({ after }) => (100 * mean(digits(after))).toFixed(1)).join(' · '),
        points(worst),
        against,
        runs.some(({ drift }) => drift === undefined) ? '' : mean(runs.map(({ drift = 0 }) => drift)).toFixed(1),
        `${Math.round(mean(runs.map(({ tokensUsed }) => tokensUsed)) / 1000)}k`,
        runs[0].done === 'the chain is done' || runs[0].done === 'the budget is spent' ? '' : runs[0].done,
      ];
    }),
  ];
  const head = [
    '',
    'test accuracy',
    'by seed',
    'worst seed against the plain prompt',
    `against ${alone}`,
    'drift',
    'tokens',
    'ended early',
  ];
  return `### ${name}\n\n${[head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')}`;
}
