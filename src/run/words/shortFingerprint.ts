/** @file A fingerprint for people. */

/** The first digits of a model's fingerprint, with the form of its weights if it has one: `0123456789ab-int8`. */
export const shortFingerprint = (fingerprint: string, digits: number): string =>
  fingerprint.replace(/^[^-]*/, (hash) => hash.slice(0, digits));
