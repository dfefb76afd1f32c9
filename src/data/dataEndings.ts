/** @file Which files are data. This is its own file because the editor needs it before it reads any data. */

/** The extensions of data files. */
export const dataEndings = ['.jsonl', '.ndjson', '.json', '.csv', '.tsv', '.parquet'] as const;
export type DataEnding = (typeof dataEndings)[number];
