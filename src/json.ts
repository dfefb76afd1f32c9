/** @file JSON from files: text that is not JSON, or is nested beyond all sense, is an error with its place. */
import { TandemError, type Place } from './errors.ts';

/** What Tandem writes has a dozen levels. Far below what a walk over it, or `JSON.stringify`, can stand. */
const deepest = 200;

/** @param reason of the error, e.g. 'bad-file' @throws TandemError with it */
export function parseJson(text: string, where: Place, reason: string): unknown {
  if (isDeeperThan(text, deepest)) {
    throw new TandemError(reason, `This is nested more than ${deepest} levels deep, which nothing that Tandem writes is.`, { where });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TandemError(reason, 'This is not JSON.', { where, cause });
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

/** Of the quote that ends it; the text's end where none does. */
function endOfString(text: string, begin: number): number {
  for (let end = text.indexOf('"', begin + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === backslash) slashes++;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}
