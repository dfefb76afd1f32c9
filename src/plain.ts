/**
 * @file Makes text that others wrote (a workspace, a model, a server) safe to show: control characters are escaped.
 * Each kind of surface has one function that builds on this one: `cli/terminal.ts`, `run/words/markdown.ts`, `extension/core/unmarked.ts`.
 */

/**
 * Shows characters that act instead of being read as the escapes of JSON and JavaScript: `\u001b[31m` for an escape sequence that sets the
 * colour red. These are the control characters of ASCII and Latin-1 except line ends and tabs, line and paragraph separators, the explicit
 * characters that change the direction of text (UAX 9, section 2), tags, noncharacters and halves of surrogate pairs. JSON keeps its value.
 */
export const visible = (text: string): string => text.replaceAll('\r\n', '\n').replace(acting, escapes);

/** The same on one line. */
export const visibleLine = (text: string): string => visible(text).replaceAll(/\s*\n\s*/g, ' ');

const acting =
  // eslint-disable-next-line no-control-regex -- this matches control characters
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff\p{Surrogate}]|[\u{e0000}-\u{e007f}]/gu;

const escapes = (characters: string): string =>
  characters
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
