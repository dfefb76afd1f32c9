/** @file The model that comes with Tandem, as the views list it. */

/** The rows of the views without the row of the embedded model. */
export const withoutEmbedded = (rows: readonly string[]): string[] => rows.filter((row) => !/^nano, .*comes with Tandem$/.test(row));
