/** @file What the exit code of `tandem` means. */
export const exitCodes = {
  ok: 0,
  /** A check that the caller asked for did not hold, e.g. `--min`. */
  checkFailed: 1,
  /** Something is wrong with the command line, a file, the data or the model; the message says what. */
  userError: 2,
  /** A defect of Tandem itself. */
  internalError: 3,
  /** Ctrl-C; as shells count it. */
  interrupted: 130,
} as const;
