/** @file What the LoRA options accept, and the errors for anything else. */
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { linearNames } from '../model/linears.ts';
import { loraAsked, withLoraOptions } from './loraOptions.ts';

const asked = (...args: string[]): ReturnType<typeof loraAsked> =>
  loraAsked(withLoraOptions(new Command()).parse(args, { from: 'user' }).opts());

describe('LoRA options', () => {
  test('only options that are given are passed on', () => {
    expect(asked()).toBeUndefined();
    expect(asked('--lora-rank', '16')).toEqual({ rank: 16 });
    expect(asked('--lora-alpha', '0.5', '--lora-dropout', '0.1')).toEqual({ alpha: 0.5, dropout: 0.1 });
  });

  test('targets are names of PEFT in any order, or all-linear', () => {
    expect(asked('--lora-targets', 'v_proj, q_proj,v_proj')).toEqual({ targets: ['q_proj', 'v_proj'] });
    expect(asked('--lora-targets', 'all-linear')).toEqual({ targets: linearNames });
  });

  test.each([
    ['--lora-rank', '0', 'bad-lora', /rank '0'/],
    ['--lora-rank', '2.5', 'bad-lora', /rank '2\.5'/],
    ['--lora-rank', 'many', 'bad-option', /'many' is not a number/],
    ['--lora-alpha', '-1', 'bad-lora', /alpha '-1'/],
    ['--lora-alpha', 'Infinity', 'bad-lora', /alpha 'Infinity'/],
    ['--lora-dropout', '1', 'bad-lora', /dropout '1'/],
    ['--lora-dropout', '', 'bad-option', /'' is not a number/],
    ['--lora-targets', 'q_proj,lm_head', 'bad-lora', /targets 'q_proj,lm_head'/],
    ['--lora-targets', '', 'bad-lora', /targets ''/],
  ])('%s %s is refused with the values that are allowed', (option, text, reason, message) => {
    expect(() => asked(`${option}=${text}`)).toThrow(
      expect.objectContaining({
        reason,
        message: expect.stringMatching(message) as string,
        hint: expect.stringMatching(/^(Give|Write|Use)/) as string,
      }) as Error,
    );
  });
});
