/** @file Every form of frozen matrices, one per line. */
import { f32 } from './f32.ts';
import type { FrozenForm } from './frozenForm.ts';

export const frozenForms = { f32 } as const satisfies Readonly<Record<string, FrozenForm>>;

export type FrozenFormName = keyof typeof frozenForms;
