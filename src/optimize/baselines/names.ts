/** @file The names of the published methods and of the controls, separate from the methods, so that reading a name loads no model code. */

export const baselineNames = [
  'bootstrap-few-shot',
  'mipro',
  'gepa',
  'lora-on-gold',
  'lora-on-own-outputs',
  'p-w-p',
  'w-p',
  'p-p',
  'w-w',
  'prompt',
  'weights',
] as const;

export type BaselineName = (typeof baselineNames)[number];

export const isBaseline = (name: string): name is BaselineName => (baselineNames as readonly string[]).includes(name);

/** In the order in which they run. The last one depends on the two before it. */
export const controlNames = ['p -> p', 'w -> w', 'best alone'] as const;
export type ControlName = (typeof controlNames)[number];
