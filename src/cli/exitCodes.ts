/** @file What the exit code of `tandem` means. */
export const exitCodes = {
  ok: 0,
  /** A check that the caller asked for failed, e.g. `--min`. */
  checkFailed: 1,
  /** Something is wrong with the command line, a file, the data or the model; the message says what. */
  userError: 2,
  /** A bug in Tandem itself. */
  internalError: 3,
  /** Ctrl-C; the value is the one that shells use. */
  interrupted: 130,
} as const;

/** Explanations for people, in the order of the codes. */
export const exitCodeMeanings: readonly (readonly [code: number, meaning: string])[] = [
  [exitCodes.ok, 'done'],
  [exitCodes.checkFailed, 'a check such as --min failed'],
  [exitCodes.userError, 'something is wrong with the command line, a file, the data, the disk or the model; the message says what'],
  [exitCodes.internalError, 'a bug in Tandem'],
  [exitCodes.interrupted, 'interrupted'],
];

export const exitCodeHelp = (): string =>
  ['Exit codes:', ...exitCodeMeanings.map(([code, meaning]) => `  ${String(code).padEnd(5)}${meaning}`)].join('\n');
