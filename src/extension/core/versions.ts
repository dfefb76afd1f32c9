/** @file The order of versions. */

/** Whether a version comes after another one: `0.10.0` after `0.9.1`. Absent is no version, and nothing comes after it. */
export function isUpdate(before: string | undefined, now: string): boolean {
  if (before === undefined) return false;
  const [old, fresh] = [before, now].map((version) => version.split(/\D+/).map(Number));
  const place = fresh.findIndex((part, at) => part !== (old[at] ?? 0));
  return place >= 0 && fresh[place] > (old[place] ?? 0);
}
