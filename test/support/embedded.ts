/** @file The model that comes with Tandem, as the views list it. */

/** Rows of the views without the one that lists it. */
export const withoutEmbedded = (rows: readonly string[]): string[] => rows.filter((row) => !/^nano, .*comes with Tandem$/.test(row));
