/** @file The template language of `.prompt.md`: `${input:column}`, as VS Code has it. */
import { textOf, valueOf } from '../values.ts';
import type { BodyProblem, Fill, TemplateLanguage, Variable } from './templateLanguage.ts';

export const inputs: TemplateLanguage = {
  values: 'literal',
  variables,
  write: (column) => `${opener}${column}}`,
  tags: variables,
  filler: () => fillFor,
  problems,
  typing: {
    triggers: ['$', '{', ':'],
    begun(before, after) {
      const begun = /\$(?:\{(?:input:[^:}\r\n]*|i|in|inp|inpu|input)?)?$/.exec(before);
      if (!begun) return undefined;
      // The rest of the name: up to its end, or without an end as far as a word goes.
      const rest = begun[0].includes(':') ? (/^[^:}]*(?=[:}])/.exec(after) ?? /^[\p{L}\p{N}_-]*/u.exec(after))![0] : '';
      return { before: begun[0].length, after: rest.length, closed: /^[:}]/.test(after.slice(rest.length)) };
    },
    complete: (column, closed) => `${opener}${column}${closed ? '' : '}'}`,
  },
  softLine: { text: '{{soft}}', pattern: /(?<=^|\n)[ \t]*\{\{[ \t]*soft[ \t]*\}\}[ \t]*(?=\r?\n|$)/ },
};

const opener = '${input:';

/** `${input:name}` or `${input:name:placeholder}`. In one pass, because a pattern would search from every `${input:` to the end of its line. */
function variables(body: string): Variable[] {
  const found: Variable[] = [];
  const ends = /[}\r\n]/g;
  for (let start = body.indexOf(opener); start >= 0; start = body.indexOf(opener, ends.lastIndex)) {
    const nameFrom = (ends.lastIndex = start + opener.length);
    const close = ends.exec(body);
    if (!close) break;
    if (close[0] !== '}') continue;
    const inner = body.slice(nameFrom, close.index);
    const colon = inner.indexOf(':');
    const written = colon < 0 ? inner : inner.slice(0, colon);
    const name = written.trim();
    if (written === '') continue;
    const nameStart = nameFrom + written.indexOf(name);
    found.push({ name, ...(colon >= 0 && { placeholder: inner.slice(colon + 1) }), start, end: close.index + 1, nameStart });
  }
  return found;
}

function fillFor(text: string): Fill {
  const pieces: string[] = [];
  let from = 0;
  for (const { name, start, end } of variables(text)) {
    pieces.push(text.slice(from, start), name);
    from = end;
  }
  pieces.push(text.slice(from));
  // Literal text at even indices, column names at odd ones.
  return (values) => pieces.map((piece, place) => (place % 2 === 0 ? piece : textOf(valueOf(values, piece)))).join('');
}

function problems(body: string): BodyProblem[] {
  const found: BodyProblem[] = [];
  const variableStarts = new Set(variables(body).map(({ start }) => start));
  for (const { index, 0: text } of body.matchAll(/\$\{input\b[^}\r\n]*\}?/g)) {
    if (variableStarts.has(index)) continue;
    const message = `"${text}" is not a variable. Tandem leaves it unchanged.`;
    const hint = 'Write a variable as ${input:column} or ${input:column:placeholder}.';
    found.push({ severity: 'warning', start: index, end: index + text.length, message, hint });
  }
  for (const { index, 0: text } of body.matchAll(editorVariables)) {
    const message = `VS Code fills in "${text}" when you use the prompt. Tandem leaves it unchanged.`;
    const hint = 'Write ${input:column} where the value of a column belongs.';
    found.push({ severity: 'warning', start: index, end: index + text.length, message, hint });
  }
  return found;
}

/** Other variables that VS Code knows in a prompt file. */
const editorVariables =
  /\$\{(?:selection|selectedText|file|fileBasename|fileBasenameNoExtension|fileDirname|workspaceFolder|workspaceFolderBasename|(?:env|config|command):[\w.-]{1,80})\}/g;
