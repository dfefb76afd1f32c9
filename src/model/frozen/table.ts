/** @file Every form of frozen matrices, one per line. */
import { f32 } from './f32.ts';
import type { FrozenForm } from './frozenForm.ts';
import { int8 } from './int8.ts';

export const frozenForms = { f32, int8 } as const satisfies Readonly<Record<string, FrozenForm>>;

export type FrozenFormName = keyof typeof frozenForms;

/** What people can choose. 'auto' depends on the size of the model. */
export const formChoices = ['auto', 'f32', 'int8'] as const satisfies readonly ('auto' | FrozenFormName)[];
export type FormChoice = (typeof formChoices)[number];
