/** @file `tandem evaluate`: measures a prompt, and fails where it is worse than asked. */
import { Command, Option } from 'commander';
import { relative } from 'node:path';
import type { Evaluation } from '../evaluate/evaluation.ts';
import { nats, percent, percentWithInterval } from '../run/format.ts';
import { writeResults } from '../run/results.ts';
import { openSession, type Session } from '../run/session.ts';
import { exitCodes } from './exitCodes.ts';
import { sessionSpec, share, withSessionOptions, type SessionOptions } from './options.ts';
import { makeProgress } from './progress.ts';

type Split = 'val' | 'test';

interface EvaluateOptions extends SessionOptions {
  readonly split: Split;
  readonly min?: number;
  readonly json?: boolean;
}

export function evaluateCommand(): Command {
  return withSessionOptions(new Command('evaluate').argument('<prompt>', 'a .prompt.md file with the `tandem:` key'))
    .description('measure a prompt with its adapter')
    .option('--adapter <folder>', "a PEFT directory; overrides the prompt file's")
    .addOption(new Option('--split <name>', 'the rows to measure on; test opens the sealed split').choices(['val', 'test']).default('val'))
    .option('--min <share>', 'exit with 1 where the metric is below this, e.g. 0.8', share)
    .option('--json', 'print the result with every row as JSON')
    .action(async (prompt: string, options: EvaluateOptions) => {
      const progress = makeProgress(process.stderr, { quiet: options.json });
      const session = await openSession(sessionSpec(prompt, options), { onBusy: progress.busy });
      try {
        const { file, adapter, evaluator } = session;
        progress.busy(`Measuring on ${rowsText(session, options.split)}`);
        const rows = options.split === 'test' ? session.openTest('tandem evaluate') : session.valset;
        const evaluation = await evaluator.evaluate({ prompt: file.prompt, adapter }, rows);
        progress.close();
        const { score, logLikelihood } = evaluation;
        writeResults(file.path, file.text, { evaluation: { ...measuredWith(session, options.split), score, logLikelihood } });
        for (const notice of session.notices) progress.note(`Notice: ${notice}`);
        process.stdout.write(options.json ? asJson(session, options.split, evaluation) : asText(session, options.split, evaluation));
        check(evaluation, options.min);
      } finally {
        progress.close();
        await session.dispose();
      }
    });
}

/** Of which prompt, model and split the numbers speak. */
export function measuredWith(
  { model, adapter, evaluator }: Session,
  split: Split,
): { at: string; model: string; adapter?: string; metric: string; split: Split } {
  return {
    at: new Date().toISOString(),
    model: model.name,
    ...(adapter && { adapter: adapter.id }),
    metric: evaluator.task.metric.name,
    split,
  };
}

/** As people would type it here. */
export const shownPath = ({ path }: { readonly path: string }): string => relative(process.cwd(), path) || path;

export function rowsText({ valset, testSize }: Session, split: Split): string {
  return split === 'test' ? `${testSize} test rows` : `${valset.length} validation rows`;
}

function asText(session: Session, split: Split, evaluation: Evaluation): string {
  const { file, model, adapter, evaluator } = session;
  const { score, logLikelihood, promptTokens } = evaluation;
  const metric = evaluator.task.metric.name;
  const width = Math.max(metric.length, 'log-likelihood'.length) + 2;
  return [
    `${shownPath(file)} with ${model.name}${adapter ? ` and adapter ${adapter.id}` : ''}, ${rowsText(session, split)}`,
    `${metric.padEnd(width)}${percentWithInterval(score)}`,
    `${'log-likelihood'.padEnd(width)}${nats(logLikelihood)}`,
    `${'prompt tokens'.padEnd(width)}${promptTokens}`,
    '',
  ].join('\n');
}

function asJson(session: Session, split: Split, evaluation: Evaluation): string {
  const { score, logLikelihood, promptTokens, rows } = evaluation;
  return (
    JSON.stringify(
      { version: 1, prompt: session.file.path, ...measuredWith(session, split), score, logLikelihood, promptTokens, rows },
      null,
      2,
    ) + '\n'
  );
}

function check({ score }: Evaluation, least: number | undefined): void {
  if (least === undefined || score.mean >= least) return;
  process.stderr.write(
    `${percent(score.mean)} is below the ${percent(least)} asked for (95% interval ${percent(score.low)} to ${percent(score.high)}).\n`,
  );
  process.exitCode = exitCodes.checkFailed;
}
