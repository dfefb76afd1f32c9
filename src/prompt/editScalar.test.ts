/** @file The text of a YAML scalar is replaced in its own style, and everything else stays. */
import { describe, expect, test } from 'vitest';
import { randomStream } from '../random.ts';
import { setText } from './editScalar.ts';
import { readYaml } from './frontMatter.ts';

const styles = {
  plain: 'name: a\ndescription: Old words here. # why\nlicense: MIT # last\n',
  'plain over lines': 'name: a\ndescription:\n  Old words\n  over lines\n# note\nlicense: MIT\n',
  single: "description: 'It''s old' # why\nname: a\n",
  'single over lines': "description: 'It''s old\n  and long'\nname: a\n",
  double: 'name: a\ndescription: "Old \\"words\\"\\tand more"\n',
  'double over lines': 'description: "Old words\n    over lines"\nname: a\n',
  folded: 'name: a\ndescription: >- # why\n    Old words\n    over lines\n\n    and a paragraph\nlicense: MIT\n',
  'folded, kept end': 'description: >+\n  Old words\n\n\nname: a\n',
  literal: 'description: |\n  Old words\n  over lines\n# note\nname: a\n',
  'flow map': '{ name: a, description: Old words, license: MIT } # all\n',
  'Windows line endings': 'name: a\r\ndescription: >-\r\n  Old words\r\n  over lines\r\nlicense: MIT\r\n',
  'no final line ending': 'name: a\ndescription: Old',
};

const pieces = [
  ...[
    'word',
    'a',
    'Use when:',
    'key: value',
    '# hash',
    'it’s',
    "it's",
    '"quoted"',
    '\\',
    '\\n',
    '- item',
    '? what',
    '{x}',
    '[y]',
    '& and',
    '*star',
  ],
  ...[
    '!tag',
    '%',
    '@at',
    '`code`',
    'yes',
    '~',
    '42',
    '日本語',
    '🙂',
    '…',
    '---',
    '|',
    '>',
    "''",
    ',',
    '\u00a0',
    '\u2028x',
    '\u0085x',
    '\ufeffx',
  ],
];
const gaps = [' ', ' ', ' ', ' ', '\n', '\n\n', '\n\n\n', '  ', '\t', '\n  ', ' \n'];

function anyText(at: number): string {
  const random = randomStream(7, 'texts', at);
  const count = 1 + random.integer(40);
  const text = Array.from({ length: count }, () => random.choice(pieces) + random.choice(gaps)).join('');
  return text.trim() || 'word';
}

const read = (yaml: string): Record<string, unknown> => readYaml(yaml).toJS() as Record<string, unknown>;

describe.each(Object.entries(styles))('%s', (_, yaml) => {
  test('any text reads back, and nothing else changes', () => {
    const before = read(yaml);
    const comments = yaml.match(/# \w+/g) ?? [];
    for (let at = 0; at < 60; at++) {
      const text = anyText(at);
      const written = setText(yaml, 'description', text);
      expect(written, JSON.stringify(text)).toBeDefined();
      const after = read(written!);
      expect((after.description as string).trim()).toBe(text);
      expect({ ...after, description: '' }).toEqual({ ...before, description: '' });
      for (const comment of comments.filter((each) => each !== '# hash' && !/>-/.test(yaml))) expect(written).toContain(comment);
      const back = setText(written!, 'description', (before.description as string).trim());
      expect(read(back!)).toEqual({ ...before, description: read(back!).description });
    }
  });

  test('the same text is the same bytes', () => {
    expect(setText(yaml, 'description', (read(yaml).description as string).trim())).toBe(yaml);
  });
});

describe('the style stays', () => {
  const written = (yaml: string, text: string) => setText(yaml, 'description', text);

  test('quotes', () => {
    expect(written(styles.plain, 'New words.')).toBe('name: a\ndescription: New words. # why\nlicense: MIT # last\n');
    expect(written(styles.single, "It's new")).toBe("description: 'It''s new' # why\nname: a\n");
    expect(written(styles.double, 'New "words"')).toBe('name: a\ndescription: "New \\"words\\""\n');
  });

  test('a text that a plain scalar cannot hold gets double quotes', () => {
    expect(written(styles.plain, 'Use: when')).toBe('name: a\ndescription: "Use: when" # why\nlicense: MIT # last\n');
  });

  test('a block keeps its header and its indentation', () => {
    expect(written(styles.literal, 'New words\n\nbelow')).toBe('description: |\n  New words\n\n  below\n# note\nname: a\n');
    expect(written(styles.folded, 'New\nbelow')).toBe('name: a\ndescription: >- # why\n    New\n\n    below\nlicense: MIT\n');
  });

  test('lines of a folded block break where they broke, so that the change is one line', () => {
    const yaml = 'description: >-\n  The first line is here.\n  The second is below it.\n  The third one ends it.\n';
    expect(written(yaml, 'The first line is here. The next is below it. The third one ends it.')).toBe(yaml.replace('second', 'next'));
    const longer = `The first line is here. The second is below it, ${'and goes on '.repeat(9)}so far. The third one ends it.`;
    const lines = written(yaml, longer)!.split('\n');
    expect(lines[1]).toBe('  The first line is here.');
    expect(lines.at(-2)).toBe('  The third one ends it.');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(82);
  });
});

test.each(['name: a\n', 'description: [a]\n', 'description: *a\n', 'description: &a b\nname: *a\n', '- description\n'])(
  'what is no scalar of its own is left alone: %j',
  (yaml) => expect(setText(yaml, 'description', 'New')).toBeUndefined(),
);
