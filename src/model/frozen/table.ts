/** @file Every form that frozen matrices can have, one a line. */
import { f32 } from './f32.ts';
import type { FrozenForm } from './frozenForm.ts';

export const frozenForms = { f32 } as const satisfies Readonly<Record<string, FrozenForm>>;

export type FrozenFormName = keyof typeof frozenForms;
