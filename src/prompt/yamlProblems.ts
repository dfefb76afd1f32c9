/** @file What is wrong with a YAML text as YAML, each at its place and with what to write instead. */
import { visit, type Document } from 'yaml';
import { quote } from './editYaml.ts';
import { resolved } from './frontMatter.ts';

/** Offsets of the YAML text. */
export interface YamlProblem {
  readonly severity: 'error' | 'warning';
  readonly start: number;
  readonly end: number;
  readonly message: string;
  readonly hint?: string;
  /** A replacement for the text from `from` to `to`. */
  readonly fix?: { readonly start: number; readonly end: number; readonly instead: string };
}

/** @param what names the text in hints, e.g. `The front matter` */
export function yamlProblems(yaml: string, document: Document, what: string): YamlProblem[] {
  const problems: YamlProblem[] = [];
  // The library may point beyond the end.
  const within = (at: number): number => Math.min(at, yaml.length);
  for (const { pos, message } of document.errors) {
    // The library marks one character; the word that starts there is what the author sees.
    const word = /^[\w-]*/.exec(yaml.slice(pos[0], pos[0] + 200))![0].length;
    const value = unquoted(yaml, pos[0]);
    const hint = value ? `Put the text in quotes: ${value.key}: ${value.instead}` : `${what} is not valid YAML.`;
    const stretch = { start: within(pos[0]), end: within(Math.max(pos[1], pos[0] + word)) };
    problems.push({ severity: 'error', ...stretch, message, hint, ...(value && { fix: value }) });
  }
  for (const { pos, message } of document.warnings)
    problems.push({ severity: 'warning', start: within(pos[0]), end: within(pos[1]), message });
  visit(document, {
    Alias: (_, node) => {
      if (resolved(node, document) || !node.range) return;
      const [start, end] = node.range;
      // `*.jsonl` is an alias in YAML, but a pattern or a name to its author.
      const value = unquoted(yaml, start);
      const hint = `Put text that begins with * in quotes: "${yaml.slice(start, value?.end ?? end)}".`;
      const message = `"*${node.source}" refers to the anchor &${node.source}, which is not in the file.`;
      problems.push({ severity: 'error', start, end, message, hint, ...(value && { fix: value }) });
    },
  });
  return problems;
}

/** The value of a plain `key: value` line that contains the place, if quotes would make it a text. */
function unquoted(yaml: string, at: number): { key: string; start: number; end: number; instead: string } | undefined {
  const from = yaml.lastIndexOf('\n', at - 1) + 1;
  const to = yaml.indexOf('\n', at);
  const line = yaml.slice(from, to < 0 ? yaml.length : to).trimEnd();
  const [head = '', key = ''] = /^[ \t]*(?:- )?([\w-]+):[ \t]+/.exec(line) ?? [];
  const text = line.slice(head.length);
  if (key === '' || text === '' || text.length > 200 || /^["'|>{]/.test(text)) return undefined;
  return { key, start: from + head.length, end: from + line.length, instead: quoted(text) };
}

const quoted = (text: string): string => (quote(text) === text ? JSON.stringify(text) : quote(text));
