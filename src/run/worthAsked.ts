/** @file What a prompt token is worth in a run: as requested, else as in the prompt file, else the default. */
import { TandemError } from '../errors.ts';
import { defaultWorth, type Worth } from '../optimize/worth.ts';
import type { PromptFile } from '../prompt/promptFile.ts';
import type { GateSettings } from '../prompt/settings.ts';
import type { RunSpec } from './spec.ts';

/** People give it in points, the optimizer uses shares. */
export function worthOf({ gate: asked }: Pick<RunSpec, 'gate'>, { settings }: Pick<PromptFile, 'settings'>): Worth {
  const { margin, promptCost } = { ...settings.gate, ...asked };
  return {
    margin: margin === undefined ? defaultWorth.margin : margin / 100,
    perHundredTokens: promptCost === undefined ? defaultWorth.perHundredTokens : promptCost / 100,
  };
}

/** @throws TandemError reason 'bad-option' for anything but a number of points */
export function checkedGate(gate: GateSettings): GateSettings {
  for (const value of [gate.margin, gate.promptCost]) {
    if (value !== undefined && !(value >= 0 && value <= 100)) {
      throw new TandemError('bad-option', `${value} is not a number of points from 0 to 100.`, { hint });
    }
  }
  return gate;
}

/** @throws TandemError reason 'bad-option' */
export function parsePoints(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 100) return value;
  throw new TandemError('bad-option', `'${text}' is not a number of points from 0 to 100.`, { hint });
}

const hint = 'Write for example --margin 1 --prompt-cost 0.5: one point, and half a point per 100 tokens.';
