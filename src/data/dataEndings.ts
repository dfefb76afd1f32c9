/** @file Which files are data. A file of its own, as an editor wants to know it long before anything is read. */

/** The extensions of data files. */
export const dataEndings = ['.jsonl', '.ndjson', '.json', '.csv', '.tsv', '.parquet'] as const;
export type DataEnding = (typeof dataEndings)[number];
