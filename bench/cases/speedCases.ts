/** @file The cases of the speed benchmark: their targets, Tandem's work, and the peers' command lines. */
import { basename } from 'node:path';
import { generating, scoring, training, type Load } from './tandemSide.ts';

export interface Peer {
  readonly name: string;
  readonly script: string;
  readonly args: readonly string[];
  /** Runs only with --all, and is not part of a target. */
  readonly extra?: true;
}

export interface Case {
  readonly name: string;
  readonly title: string;
  /** How many times as fast as the fastest peer that counts. */
  readonly speedup: number;
  /** Tandem's peak memory in 10^9 bytes. */
  readonly peakGb?: number;
  /** How far the sides' checks may differ; tokens must be the same. */
  readonly tolerance: number | 'tokens';
  readonly peers: readonly Peer[];
  readonly load: Load;
}

export interface CaseSettings {
  /** The Hugging Face directory of the model. */
  readonly hf: string;
  /** The model's files for llama.cpp. */
  readonly gguf: readonly string[];
  /** Rows that PEFT processes at a time in prefix256x32; absent for the default of train_lora.py. Such runs have rows of their own in the table. */
  readonly micro?: string;
}

const loraTarget = { peakGb: 2.5, tolerance: 0.002 };

export const speedCases = ({ hf, gguf, micro }: CaseSettings): readonly Case[] => [
  { name: '4x128', title: 'train 4x128', speedup: 1.3, ...loraTarget, peers: peft(hf, '4x128'), load: training(4, 0, 128, 8) },
  {
    name: 'prefix256x16',
    title: 'train 256 + 16 x 24',
    speedup: 8,
    ...loraTarget,
    peers: peft(hf, 'prefix256x16'),
    load: training(16, 256, 24, 2),
  },
  {
    name: 'prefix256x32',
    title: 'train 256 + 32 x 24',
    speedup: 12,
    ...loraTarget,
    peers: peft(hf, 'prefix256x32', micro),
    load: training(32, 256, 24, 2),
  },
  {
    name: 'score',
    title: 'score 64 rows, 6 labels',
    speedup: 5,
    tolerance: 0.01,
    peers: [...transformers(hf, 'score'), ...llama(gguf, 'score', [16]).map((peer) => ({ ...peer, extra: true as const }))],
    load: scoring,
  },
  {
    name: 'gen',
    title: 'generate 64 rows x 4 tokens',
    speedup: 1,
    tolerance: 'tokens',
    peers: [...llama(gguf, 'gen', [16, 32]), ...transformers(hf, 'gen').map((peer) => ({ ...peer, extra: true as const }))],
    load: generating,
  },
];

function peft(hf: string, name: string, micro?: string): Peer[] {
  const peer = { script: 'train_lora.py', args: [hf, '--case', name, ...(micro ? ['--micro', micro] : [])] };
  const at = micro ? `, micro ${micro}` : '';
  return [
    { ...peer, name: `PEFT f32${at}` },
    { ...peer, name: `PEFT f32, logits at labels only${at}`, args: [...peer.args, '--keep'], extra: true },
    { ...peer, name: `PEFT bf16${at}`, args: [...peer.args, '--dtype', 'bf16'], extra: true },
  ];
}

function transformers(hf: string, name: string): Peer[] {
  const peer = { script: 'eval_rows.py', args: ['hf', hf, name] };
  return [
    { ...peer, name: 'transformers f32' },
    { ...peer, name: 'transformers bf16', args: [...peer.args, '--dtype', 'bf16'], extra: true },
  ];
}

function llama(gguf: readonly string[], name: string, batches: readonly number[]): Peer[] {
  return gguf.flatMap((file) =>
    batches.map((batch) => ({
      name: `llama.cpp ${basename(file, '.gguf').replace(/^.*-/, '')}, batch ${batch}`,
      script: 'eval_rows.py',
      args: ['llama', file, name, '--batch', String(batch)],
    })),
  );
}
