/**
 * @file Fields of what a tool takes and gives. A field is what JSON Schema says of it together with the check that goes with it, so that neither can
 * be changed without the other. Like a shape, an object is typed by its type: a field that is added there is a type error until it is listed.
 */
import { TandemError } from '../errors.ts';
import * as shapes from '../shape.ts';
import type { Shape } from '../shape.ts';

/** As much of JSON Schema as the tools use. */
export interface JsonSchema {
  readonly type: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean' | readonly ['number', 'null'];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: false;
  readonly items?: JsonSchema;
  readonly enum?: readonly string[];
  readonly minimum?: number;
}

export interface ObjectSchema extends JsonSchema {
  readonly type: 'object';
}

export interface Field<T> {
  readonly schema: JsonSchema;
  readonly shape: Shape<T>;
}

export interface ObjectField<T> extends Field<T> {
  readonly schema: ObjectSchema;
}

/** A field that may be absent. */
export interface OptionalField<T> {
  readonly optional: Field<T>;
}

/** A field for each of a type's; `optional` for those, and only those, that may be absent. */
export type FieldsOf<T> = {
  readonly [K in keyof T]-?: object extends Pick<T, K> ? OptionalField<Exclude<T[K], undefined>> : Field<T[K]>;
};

export const text = (description: string): Field<string> => ({ schema: { type: 'string', description }, shape: shapes.text });

export const flag = (description: string): Field<boolean> => ({ schema: { type: 'boolean', description }, shape: shapes.flag });

export const number = (description: string): Field<number> => ({ schema: { type: 'number', description }, shape: shapes.finite });

/** A number that may be infinite or unknown, which JSON writes as null. */
export const bound = (description: string): Field<number> => ({
  schema: { type: ['number', 'null'], description },
  shape: shapes.measured,
});

/** A whole number, `least` or more. */
export const whole = (description: string, least = 0): Field<number> => ({
  schema: { type: 'integer', minimum: least, description },
  shape: shapes.such(shapes.whole, (value) => value >= least, `a whole number of at least ${least}`),
});

export const choice = <T extends string>(description: string, values: readonly T[]): Field<T> => ({
  schema: { type: 'string', enum: values, description },
  shape: shapes.exactly(...values),
});

export const list = <T>(description: string, each: Field<T>): Field<readonly T[]> => ({
  schema: { type: 'array', items: each.schema, description },
  shape: shapes.list(each.shape),
});

export const optional = <T>(field: Field<T>): OptionalField<T> => ({ optional: field });

/** An object with these fields; others are kept. */
export function object<T>(fields: FieldsOf<T>, description?: string): ObjectField<T> {
  const entries = Object.entries(fields as Readonly<Record<string, Field<unknown> | OptionalField<unknown>>>);
  const properties = entries.map(([name, field]) => [name, ('optional' in field ? field.optional : field).schema] as const);
  const shapeEntries = entries.map(([name, field]) => [name, 'optional' in field ? { optional: field.optional.shape } : field.shape]);
  return {
    schema: {
      type: 'object',
      ...(description !== undefined && { description }),
      properties: Object.fromEntries(properties),
      required: entries.flatMap(([name, field]) => ('optional' in field ? [] : [name])),
    },
    shape: shapes.object<T>(Object.fromEntries(shapeEntries) as shapes.Fields<T>),
  };
}

/** An object with these fields and no others. */
export function closed<T>(fields: FieldsOf<T>): ObjectField<T> {
  const { schema, shape } = object(fields);
  return { schema: { ...schema, additionalProperties: false }, shape };
}

/**
 * What a tool is given, checked.
 * @throws TandemError reason 'bad-input'
 */
export function readInput<T>(tool: string, { schema, shape }: ObjectField<T>, value: unknown): T {
  const known = Object.keys(schema.properties ?? {});
  const where = { file: `input of ${tool}` };
  const hint = `The inputs of ${tool} are: ${known.join(', ')}.`;
  const input = shapes.shaped(shape, value, where, 'bad-input', hint);
  const unknown = Object.keys(input as object).find((name) => !known.includes(name));
  if (unknown === undefined) return input;
  throw new TandemError('bad-input', `There is no input "${unknown}".`, { where, hint });
}
