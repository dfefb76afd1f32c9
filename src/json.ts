/** @file Parses JSON from files. Invalid or absurdly nested JSON is an error with its place. */
import { TandemError, type Place } from './errors.ts';

/** Tandem writes about a dozen levels. The limit is far below what recursion or `JSON.stringify` can handle. */
const deepest = 200;

/** The hint for a file that only Tandem writes and that is not as Tandem writes it. */
export const notOursHint = 'The file is damaged, or Tandem did not write it. Restore it from a copy, or move it away.';

/**
 * @param reason the reason of the error, e.g. 'bad-file'
 * @param hint for a file that Tandem does not write
 * @throws TandemError with the reason
 */
export function parseJson(text: string, where: Place, reason: string, hint: string = notOursHint): unknown {
  if (isDeeperThan(text, deepest)) {
    throw new TandemError(reason, `This JSON is nested more than ${deepest} levels deep. Tandem never writes such JSON.`, { where, hint });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TandemError(reason, 'This is not valid JSON.', { where, hint, cause });
  }
}

const [quote, backslash, openList, closeList, openObject, closeObject] = [...'"\\[]{}'].map((each) => each.charCodeAt(0));

function isDeeperThan(text: string, most: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) at = endOfString(text, at);
    else if (code === openList || code === openObject) {
      if (++depth > most) return true;
    } else if (code === closeList || code === closeObject) depth--;
  }
  return false;
}

/** The place of the closing quote, or the end of the text. */
function endOfString(text: string, begin: number): number {
  for (let end = text.indexOf('"', begin + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === backslash) slashes++;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}
