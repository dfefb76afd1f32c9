/** @file Options for the LoRA adapter that a run trains, named as in PEFT. */
import type { Command } from 'commander';
import { TandemError } from '../errors.ts';
import { checkedLora, type LoraConfig } from '../model/adapter.ts';
import { linearNames, type LinearName } from '../model/linears.ts';
import { defaultLora } from '../optimize/loraTrainer.ts';

export interface LoraOptions {
  readonly loraRank?: number;
  readonly loraAlpha?: number;
  readonly loraDropout?: number;
  readonly loraTargets?: readonly LinearName[];
}

export function withLoraOptions(command: Command): Command {
  const { rank, alpha, dropout } = defaultLora;
  return command
    .option('--lora-rank <n>', `rank of new adapters; ${otherwise} ${rank}`, (text) => checkedLora({ rank: numeric(text) }).rank)
    .option(
      '--lora-alpha <n>',
      `new adapters are scaled by alpha / rank; ${otherwise} ${alpha}`,
      (text) => checkedLora({ alpha: numeric(text) }).alpha,
    )
    .option(
      '--lora-dropout <p>',
      `dropout during training; ${otherwise} ${dropout}`,
      (text) => checkedLora({ dropout: numeric(text) }).dropout,
    )
    .option('--lora-targets <names>', `linear layers that new adapters change, such as q_proj,v_proj; ${otherwise} all-linear`, targets);
}

const otherwise = "by default the current adapter's, else";

/** The options that were given; undefined if there are none. */
export function loraAsked({ loraRank, loraAlpha, loraDropout, loraTargets }: LoraOptions): Partial<LoraConfig> | undefined {
  const asked = { rank: loraRank, alpha: loraAlpha, dropout: loraDropout, targets: loraTargets };
  const given = Object.entries(asked).filter(([, value]) => value !== undefined);
  return given.length > 0 ? Object.fromEntries(given) : undefined;
}

function numeric(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && !Number.isNaN(value)) return value;
  throw new TandemError('bad-option', `'${text}' is not a number.`, {
    hint: 'Write a number, for example --lora-rank 16 --lora-alpha 32 --lora-dropout 0.05.',
  });
}

/** In the model's own order, without repeats. */
function targets(text: string): readonly LinearName[] {
  if (text.trim() === 'all-linear') return linearNames;
  const names = text.split(',').map((name) => name.trim()) as LinearName[];
  const { targets: known } = checkedLora({ targets: names });
  return linearNames.filter((name) => known.includes(name));
}
