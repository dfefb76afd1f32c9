/**
 * @file Prompt files are read in linear time, whatever they contain, because the editor reads them at every keystroke.
 * @module-tag long
 */
import { expect, test } from 'vitest';
import { placeAt } from './placeAt.ts';
import { parseProgramFile, parsePromptFile } from './readPrompt.ts';
import { checkColumns } from './promptFile.ts';
import { render } from './template.ts';

const size = 100_000;
/** Milliseconds of processor time. A pattern that searches to the end of the text from every place takes minutes. */
const longest = 2500;

const repeated = (piece: string): string => piece.repeat(Math.ceil(size / piece.length));
const numbered = (piece: (i: number) => string): string => Array.from({ length: size / 10 }, (_, i) => piece(i)).join('');
const head = '---\ntandem:\n  data: d.jsonl\n  output: y\n---\n';
const yaml = (text: string): string => `---\n${text}\ntandem: {data: d.jsonl, output: y}\n---\nQ: \${input:x}\n`;

const inputs: Readonly<Record<string, readonly [path: string, text: string]>> = {
  'variables that are never closed': ['a.prompt.md', head + repeated('${input:')],
  variables: ['a.prompt.md', head + repeated('${input:a} ')],
  'variables without a name': ['a.prompt.md', head + repeated('${input} ')],
  'lines of demonstrations': ['a.prompt.md', head + repeated('{{demos}}\n')],
  'demonstrations within lines': ['a.prompt.md', head + repeated('x {{demos}}\n')],
  'white space before a word': ['a.prompty', `${head}${repeated(' ')}system {{a}}`],
  'white space before a tag': ['a.prompty', `${head}${repeated(' ')}{% if a %}{% endif %}`],
  'white space in a tag': ['a.prompty', `${head}{{ ${repeated(' ')}a }}`],
  'role lines': ['a.prompty', head + repeated('user:\n')],
  'role lines with columns': ['a.prompty', head + repeated('user:\n{{a}}\n')],
  'role lines with brackets': ['a.prompty', head + repeated('user[')],
  'tags that are never closed': ['a.prompty', head + repeated('{{\n')],
  'texts in tags that end in the next tag': ['a.prompty', `${head}${repeated("{{ '\n")}'}}`],
  'comments that are never closed': ['a.prompty', head + repeated('{#\n')],
  tags: ['a.prompty', head + repeated('{{a}} ')],
  assignments: ['a.prompty', head + repeated('{% set a = 1 %}\n')],
  'blocks that are never ended': ['a.prompty', head + repeated('{% if a %}')],
  'names in one tag': ['a.prompty', `${head}{{ [${numbered((i) => `loop.a${i},`)}a] }}`],
  'escapes in one tag': ['a.prompty', `${head}{{ a ${repeated("\\'")} }}`],
  'brackets in one tag': ['a.prompty', `${head}{{ ${repeated('(')} }}`],
  'raw text': ['a.prompty', head + repeated('{% raw %}{{')],
  'keys of other tools': ['a.prompt.md', yaml(numbered((i) => `k${i}: 1\n`))],
  'keys that are no settings': ['a.prompt.md', `---\ntandem:\n${numbered((i) => `  k${i}: 1\n`)}---\nx`],
  'lists in lists': ['a.prompt.md', yaml(`a: ${repeated('[')}`)],
  'maps in maps': ['a.prompt.md', yaml(`a: ${repeated('{a: ')}`)],
  'lines that are no YAML': ['a.prompt.md', yaml(repeated('a: b: c\n'))],
  aliases: ['a.prompt.md', yaml(`a: &a [x]\n${numbered((i) => `b${i}: *a\n`)}`)],
  'aliases of nothing': ['a.prompt.md', yaml(numbered((i) => `b${i}: *c\n`))],
  'worked examples': [
    'a.prompt.md',
    `---\ntandem:\n  data: d\n  output: y\n  demos:\n${repeated('    - {x: a, y: b}\n')}---\nQ: \${input:x}\n`,
  ],
  'steps of a program': ['p.program.yaml', `steps:\n${repeated('  - {prompt: a.prompt.md, output: b}\n')}`],
};

test.each(Object.entries(inputs))('%s', (_, [path, text]) => {
  const before = process.cpuUsage();
  if (path.endsWith('.yaml')) parseProgramFile(path, text);
  else {
    const file = parsePromptFile(path, text);
    checkColumns(file, ['a', 'y']);
    placeAt(text, 40, file.prompt.syntax);
    placeAt(text, text.length, file.prompt.syntax);
    if (!file.problems.some(({ severity }) => severity === 'error')) render(file.prompt, { a: 'A', x: 'X' });
  }
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(longest);
});
