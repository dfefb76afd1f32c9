/** @file "Did you mean": the known name closest to a mistyped one. */

/** The candidate with the fewest edits from `name`, if at most a third of the longer one's letters differ (at least one may). */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  const allowed = (candidate: string): number => Math.max(1, Math.floor(Math.max(name.length, candidate.length) / 3));
  // The distance of two names is at least the difference of their lengths.
  const possible = [...candidates].filter((candidate) => Math.abs(candidate.length - name.length) <= allowed(candidate));
  return byDistance(name, possible).find(({ candidate, distance }) => distance <= allowed(candidate))?.candidate;
}

/** The candidates with the fewest edits from `name`, the nearest first. */
export function nearestNames(name: string, candidates: Iterable<string>, most = 3): string[] {
  return byDistance(name, candidates)
    .slice(0, most)
    .map(({ candidate }) => candidate);
}

/** `Did you mean "x"?`, or the list of known names. */
export function suggestName(name: string, candidates: readonly string[]): string {
  const nearest = nearestName(name, candidates);
  if (nearest !== undefined) return `Did you mean "${nearest}"?`;
  return candidates.length > 0 ? `Known: ${candidates.join(', ')}.` : 'There are none.';
}

function byDistance(name: string, candidates: Iterable<string>): { candidate: string; distance: number }[] {
  return [...candidates]
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
}

/** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment distance). */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      row.push(Math.min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (same ? 0 : 1)));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j], rows[i - 2][j - 2] + 1);
    }
    rows.push(row);
  }
  return rows[a.length][b.length];
}
