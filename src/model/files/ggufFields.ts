/** @file Typed metadata for writing a GGUF file. */

export type GgufField =
  | { readonly type: 'text'; readonly value: string }
  | { readonly type: 'texts'; readonly value: readonly string[] }
  /** Unsigned, 32 bits. */
  | { readonly type: 'count'; readonly value: number }
  /** Unsigned, 64 bits. */
  | { readonly type: 'longCount'; readonly value: bigint }
  | { readonly type: 'integers'; readonly value: readonly number[] }
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'flag'; readonly value: boolean };

export const textField = (value: string): GgufField => ({ type: 'text', value });
export const textsField = (value: readonly string[]): GgufField => ({ type: 'texts', value });
export const countField = (value: number): GgufField => ({ type: 'count', value });
export const longCountField = (value: bigint): GgufField => ({ type: 'longCount', value });
export const integersField = (value: readonly number[]): GgufField => ({ type: 'integers', value });
export const floatField = (value: number): GgufField => ({ type: 'float', value });
export const flagField = (value: boolean): GgufField => ({ type: 'flag', value });
