/** @file What holds for every proposal of every proposer, and what each proposer does. */
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { makeRow, type Row } from '../../data/dataset.ts';
import type { Task } from '../../evaluate/evaluation.ts';
import { metricNamed } from '../../evaluate/metrics/table.ts';
import type { PromptFile } from '../../prompt/promptFile.ts';
import { parsePromptFile } from '../../prompt/readPrompt.ts';
import { angles } from '../../prompt/languages/angles.fixture.ts';
import { languages } from '../../prompt/languages/table.ts';
import { applyPrompt } from '../../prompt/writePrompt.ts';
import type { Prompt } from '../../prompt/prompt.ts';
import { columnsOf, render, rowBlockStart } from '../../prompt/template.ts';
import { randomStream } from '../../random.ts';
import { evaluatorWith, intentTask, messages } from '../madeUp.fixture.ts';
import { bootstrappedDemonstrations, demonstrationOf, labelledDemonstrations } from './demonstrations.ts';
import { decodingProposals } from './decoding.ts';
import { textOf } from '../../prompt/values.ts';
import { editOperators } from './edits.ts';
import { promptKey, type Hint, type Proposal, type Proposer, type ProposerContext } from './proposer.ts';
import { proposersOf } from './table.ts';
import { taskWords } from './taskWords.ts';
import { groundedTemplates } from './templates.ts';

// Takes seconds even on a busy machine.
vi.setConfig({ testTimeout: 30_000 });

const hint: Hint = {
  from: 'the soft prompt',
  words: [{ word: 'payment', instead: 'message' }, { word: 'short', instead: 'Answer' }, { word: 'account' }],
};
const withHint = (proposer: Proposer): Proposer => ({
  name: `${proposer.name} with a hint`,
  propose: (context) => proposer.propose({ ...context, hint }),
});

const proposers: readonly Proposer[] = [
  ...proposersOf().map(({ proposer }) => proposer),
  ...proposersOf(['instruction']).map(({ proposer }) => withHint(proposer)),
];

/** Rows with columns of all kinds of names. */
const rows: readonly Row[] = messages.map(({ values, line }) =>
  makeRow({ ...values, 'sub.topic': 'a. b', text_input: `note ${line}` }, line),
);
const textTask = { ...intentTask, labels: undefined, metric: metricNamed('exact-match') };

const contextOf = (prompt: Prompt, seed = 1, more: Partial<ProposerContext> = {}): ProposerContext => ({
  prompt,
  evaluator: evaluatorWith((row) => Number(row.values.sender === 'Bo')),
  trainset: rows,
  random: randomStream('proposers', seed),
  count: 6,
  ...more,
});

const lines = [
  'You are a clerk at a bank. Please classify the following message.',
  'Read the message! Determine its intent. Answer with exactly one of: card, fees, transfer',
  '- card: the card itself, e.g. a lost one.',
  '- fees: what things cost',
  'About ${input:sub.topic}, for the text of ${input:sender:who writes}. Reply with one of these.',
  'Please find out what this is.',
  'The topic is ${input:sub.topic}.',
  '',
];
const fields = [
  'Message: ${input:message}',
  'From: ${input:sender}',
  'Text: ${input:text_input}',
  'Input: ${input:message:the text}, by ${input:sender}',
];
const asks = ['Intent:', 'Answer:', 'Intent:\n', 'A label:  ', 'Question: which one?\nLabel:'];

const file: fc.Arbitrary<PromptFile> = fc
  .record({
    instruction: fc.array(fc.constantFrom(...lines), { maxLength: 4 }),
    marker: fc.constantFrom([], ['{{demos}}'], ['', '{{ demos }}']),
    shown: fc.uniqueArray(fc.constantFrom(...fields), { minLength: 1, maxLength: 3 }),
    ask: fc.constantFrom(...asks),
    newline: fc.constantFrom('\n', '\r\n'),
    demonstrations: fc.constantFrom(0, 0, 1, 3),
  })
  .map(({ instruction, marker, shown, ask, newline, demonstrations }) => {
    const body = [...instruction, ...marker, ...shown, ask].join('\n').replaceAll('\n', newline);
    const front = ['---', 'tandem:', '  data: a.jsonl', '  output: intent', '  labels: from-data', '---', ''].join(newline);
    const bare = parsePromptFile('a.prompt.md', front + body);
    // The author's demonstrations have what the row block uses, which is all they need.
    const own = columnsOf(body.slice(rowBlockStart(body)));
    const shownRows = rows.slice(0, demonstrations).map(({ values }) => ({
      inputs: Object.fromEntries(own.map((name) => [name, values[name]])),
      output: textOf(values.intent),
    }));
    return parsePromptFile('a.prompt.md', applyPrompt(bare, { body, demonstrations: shownRows }));
  });

describe.each(proposers)('every proposal of $name', { tags: 'long' }, (proposer) => {
  /** Checks the proposals for many files. */
  const forAll = (check: (proposals: readonly Proposal[], file: PromptFile, context: () => ProposerContext) => unknown): Promise<void> =>
    fc.assert(
      fc.asyncProperty(file, fc.nat(1000), fc.boolean(), async (asked, seed, text) => {
        const evaluator = evaluatorWith((row) => Number(row.values.sender === 'Bo'), text ? textTask : intentTask);
        const context = (): ProposerContext => contextOf(asked.prompt, seed, { evaluator });
        await check(await proposer.propose(context()), asked, context);
      }),
      { numRuns: 60 },
    );

  test('keeps all columns of the row block', () =>
    forAll((proposals, { prompt: { body } }) => {
      const own = columnsOf(body.slice(rowBlockStart(body)));
      for (const { prompt } of proposals)
        expect(columnsOf(prompt.body.slice(rowBlockStart(prompt.body)))).toEqual(expect.arrayContaining(own));
    }));

  test('can be rendered for every row', () =>
    forAll((proposals) => {
      for (const { prompt } of proposals)
        for (const { values } of rows) expect(render(prompt, values)).toContain(values[columnsOf(prompt.body)[0]]);
    }));

  test('differs for the model from the prompt and from the other proposals, and there are no more than requested', () =>
    forAll((proposals, { prompt }, context) => {
      const keys = [prompt, ...proposals.map((proposal) => proposal.prompt)].map(promptKey);
      expect(new Set(keys).size).toBe(keys.length);
      expect(proposals.length).toBeLessThanOrEqual(context().count);
    }));

  test('is the same for the same seed', () =>
    forAll(async (proposals, _, context) => {
      expect(await proposer.propose(context())).toEqual(proposals);
    }));

  test('keeps the line endings of the body', () =>
    forAll((proposals, { prompt: { body } }) => {
      const foreign = body.includes('\r\n') ? /(?<!\r)\n/ : /\r/;
      for (const { prompt, reason } of proposals) expect(prompt.body, reason).not.toMatch(foreign);
    }));

  test('can be written into the file and read back unchanged, without new problems', () =>
    forAll((proposals, asked) => {
      const problems = ({ problems: found }: PromptFile): string[] =>
        found.filter(({ severity }) => severity === 'error').map(({ message }) => message);
      expect(problems(asked)).toEqual([]);
      for (const { prompt } of proposals) {
        const written = parsePromptFile('a.prompt.md', applyPrompt(asked, prompt));
        expect(written.prompt).toEqual(prompt);
        expect(problems(written)).toEqual([]);
      }
    }));
});

const body = 'Please read the message. Answer briefly\n\n{{demos}}\nMessage: ${input:message}\nIntent:\n';
const prompt: Prompt = { body, demonstrations: [] };
const bodiesOf = async (proposer: Proposer, asked: Prompt, seeds = 20): Promise<Set<string>> => {
  const bodies = new Set<string>();
  for (let seed = 0; seed < seeds; seed++)
    for (const proposal of await proposer.propose(contextOf(asked, seed))) bodies.add(proposal.prompt.body);
  return bodies;
};

describe('edits', () => {
  test('rename the answer right below a role', async () => {
    const found = [...(await bodiesOf(editOperators, { body: 'user:\nIntent:\n', demonstrations: [], syntax: 'jinja' }))];
    expect(found.some((each) => /^user:\n(Answer|Label|Category|Class|Output|A):\n$/.test(each))).toBe(true);
  });

  test('rename fields and answers in any template language, and never a variable', async () => {
    languages.push(angles);
    const asked = { body: 'Say which.\nLook at it.\n\nMessage: <message>\nIntent:\n', demonstrations: [], syntax: 'angles' };
    const found = [...(await bodiesOf(editOperators, asked))];
    const ended = await bodiesOf(editOperators, { ...asked, body: 'Say which. Look at it.\n<message>:\n' });
    languages.splice(languages.indexOf(angles), 1);
    expect(found.some((each) => /\n(Text|Input|Sentence|Q): <message>\n/.test(each))).toBe(true);
    expect(found.some((each) => /\n(Answer|Label|Category|Class|Output|A):\n$/.test(each))).toBe(true);
    for (const each of [...found, ...ended]) expect(each).toContain('<message>');
  });

  const rest = body.slice(body.indexOf('{{demos}}'));

  test('of a short prompt include all the obvious ones', async () => {
    const found = [...(await bodiesOf(editOperators, prompt))];
    for (const instruction of [
      'Please read the message.\n\n',
      'Answer briefly\n\n',
      'Answer briefly Please read the message.\n\n',
      'Read the message. Answer briefly\n\n',
      'Please consider the message. Answer briefly\n\n',
      'Please read the text. Answer briefly\n\n',
      '',
    ]) {
      expect(found).toContain(instruction + rest);
    }
    expect(found).toContain(body.replace('Message:', 'Sentence:'));
    expect(found).toContain(body.replace('Intent:', 'Category:'));
    expect(found).toContain(body.replace('Intent:', 'Answer briefly\nIntent:'));
  });

  test('reword "exactly one of" as a whole, and never the name of a variable', async () => {
    const found = await bodiesOf(editOperators, {
      body: 'Give exactly one of the labels of the ${input:message}.\n{{demos}}\nFrom: ${input:sender}\nA:',
      demonstrations: [],
    });
    expect([...found].filter((each) => each.includes('exactly exactly') || /\$\{input:(text|input)\}/.test(each))).toEqual([]);
    expect([...found]).toContainEqual(expect.stringContaining('Give one of the labels'));
  });

  test('do not give two fields the same name, nor repeat a question that is already there', async () => {
    const twice = 'Choose.\nText: ${input:message}\nInput: ${input:sender}\nChoose.\nAnswer:';
    for (const each of await bodiesOf(editOperators, { body: twice, demonstrations: [] })) {
      const names = [...each.matchAll(/^(\w+):/gm)].map((match) => match[1]);
      expect(new Set(names).size).toBe(names.length);
      expect(each.match(/Choose\./g)?.length ?? 0).toBeLessThanOrEqual(2);
    }
  });
});

describe('grounded templates', () => {
  test('name the columns, the labels and the words that distinguish the labels', async () => {
    const bodies = [...(await bodiesOf(groundedTemplates, prompt))];
    expect(bodies.every((each) => each.includes('Message: ${input:message}'))).toBe(true);
    expect(bodies).toContainEqual(expect.stringContaining('Choose one of: card, fees, transfer.'));
    expect(bodies).toContainEqual(expect.stringMatching(/- fees \(fee\b.*\)\n- transfer \(transfer\b/));
  });

  test('leave out a demonstration that lacks a column which the row block now shows', async () => {
    const asked: Prompt = {
      body: 'About ${input:sender}.\n{{demos}}\nMessage: ${input:message}\nIntent:',
      demonstrations: [
        { inputs: { message: 'Lost it' }, output: 'card' },
        demonstrationOf({ body: fields[1] + fields[0], demonstrations: [] }, 'intent', rows[0]),
      ],
    };
    for (const proposal of await groundedTemplates.propose(contextOf(asked))) {
      expect(proposal.prompt.demonstrations).toEqual([{ inputs: { sender: 'Bo', message: 'Where is my new card?' }, output: 'card' }]);
    }
  });

  test('for free text do not mention labels', async () => {
    const proposals = await groundedTemplates.propose(contextOf(prompt, 1, { evaluator: evaluatorWith(() => 1, textTask) }));
    expect(proposals.length).toBeGreaterThan(2);
    for (const proposal of proposals) expect(proposal.prompt.body).not.toMatch(/card|choose/i);
  });
});

describe('a hint', () => {
  const proposed = (proposer: Proposer, asked: Prompt, count: number): Promise<readonly Proposal[]> =>
    withHint(proposer).propose(contextOf(asked, 1, { count }));

  test('gives words to edits: as a replacement, before a word, or in a sentence, in that order, before edits without it', async () => {
    const found = await proposed(editOperators, prompt, 6);
    expect(found.slice(0, 5).map(({ prompt: { body: text }, reason }) => [text.slice(0, text.indexOf('\n')), reason])).toEqual([
      ['Please read the payment. Answer briefly', '"payment" for "message", a word that the soft prompt moved towards'],
      [
        'Please read the message. Answer briefly. Think of: payment, short, account.',
        '"Think of: payment, short, account", words that the soft prompt moved towards',
      ],
      ['Please read the payment message. Answer briefly', '"payment" before "message", a word that the soft prompt moved towards'],
      ['Please read the message. Short briefly', '"short" for "Answer", a word that the soft prompt moved towards'],
      ['Please read the message. Short answer briefly', '"short" before "Answer", a word that the soft prompt moved towards'],
    ]);
    expect(found).toHaveLength(6);
    expect(found[5].reason).not.toContain('the soft prompt');
  });

  test('never changes the name of a variable, and adds nothing to a prompt without an instruction', async () => {
    const variable = { body: 'Of ${input:message} the intent.\n{{demos}}\nFrom: ${input:sender}\nA:', demonstrations: [] };
    const [first, second] = await proposed(editOperators, variable, 2);
    expect(first.reason).toMatch(/^"Think of/);
    expect(second.reason).not.toContain('the soft prompt');
    const bare = { body: 'Message: ${input:message}\nIntent:\n', demonstrations: [] };
    for (const { reason } of await proposed(editOperators, bare, 3)) expect(reason).not.toContain('the soft prompt');
  });

  test('gives templates words next to the labels, or next to the task of a free text', async () => {
    const found = await proposed(groundedTemplates, prompt, 3);
    expect(
      found.slice(0, 2).every(({ reason }) => reason.endsWith('words that the soft prompt moved towards: payment, short, account')),
    ).toBe(true);
    expect(found.slice(0, 2).every(({ prompt: { body: text } }) => text.includes('(payment, short, account)'))).toBe(true);
    expect(found[2].reason).not.toContain('the soft prompt');
    const free = await withHint(groundedTemplates).propose(contextOf(prompt, 1, { evaluator: evaluatorWith(() => 1, textTask), count: 1 }));
    expect(free[0].prompt.body).toMatch(/^Give the intent of the message \(payment, short, account\)\.\n/);
  });

  test('names words that the task is about: those of labels and columns, and those of some rows but not of many', () => {
    const texts = ['The lost card is mine', 'The card was lost', 'The fee', 'The transfer', 'The end', 'The money', 'A b', 'It is'];
    const trainset = texts.map((message, place) => makeRow({ message, intent: 'x', sender: 'Mona Lisa' }, place));
    const words = taskWords({ evaluator: evaluatorWith(() => 1), trainset }, prompt);
    expect(words).toEqual(['intent', 'message', 'card', 'fees', 'transfer', 'lost']);
  });

  test('without words has no effect', async () => {
    const asked = contextOf(prompt);
    const none = { from: 'the soft prompt', words: [] };
    expect(await groundedTemplates.propose({ ...contextOf(prompt), hint: none })).toEqual(await groundedTemplates.propose(asked));
  });
});

const answersOf = ({ prompt: { demonstrations } }: Proposal): string[] => demonstrations.map(({ output }) => output);

describe('demonstrations', () => {
  test('cover as many labels as possible', async () => {
    for (let seed = 0; seed < 20; seed++) {
      for (const proposal of await labelledDemonstrations.propose(contextOf(prompt, seed))) {
        const answers = answersOf(proposal);
        expect(new Set(answers).size).toBe(Math.min(answers.length, 3));
        expect(proposal.reason).toBe(
          answers.length === 1 ? '1 demonstration that covers the answers' : `${answers.length} demonstrations that cover the answers`,
        );
      }
    }
  });

  test('are training rows, with the columns that the prompt uses', async () => {
    const [proposal] = await labelledDemonstrations.propose(contextOf(prompt));
    const known = rows.map(({ values: { message, intent } }) => ({ inputs: { message }, output: intent }));
    for (const demonstration of proposal.prompt.demonstrations) expect(known).toContainEqual(demonstration);
  });

  test('are not proposed if there are some already, and never exceed the number of rows', async () => {
    const some = { ...prompt, demonstrations: rows.slice(0, 2).map((row) => demonstrationOf(prompt, 'intent', row)) };
    const proposals = await labelledDemonstrations.propose(contextOf(some, 1, { trainset: rows.slice(0, 4) }));
    expect(proposals.map((proposal) => answersOf(proposal).length)).toEqual(expect.arrayContaining([0, 3, 1]));
    // Five would be more than there are.
    expect(Math.max(...proposals.map((proposal) => answersOf(proposal).length))).toBe(3);
    expect(await labelledDemonstrations.propose(contextOf(prompt, 1, { trainset: [] }))).toEqual([]);
  });
});

describe('bootstrapped demonstrations', () => {
  test('are rows that the evaluator got right', async () => {
    const right = rows.filter(({ values }) => values.sender === 'Bo').map(({ values }) => values.message);
    for (let seed = 0; seed < 20; seed++) {
      const proposals = await bootstrappedDemonstrations.propose(contextOf(prompt, seed));
      expect(proposals.length).toBeGreaterThan(0);
      for (const proposal of proposals) for (const { inputs } of proposal.prompt.demonstrations) expect(right).toContain(inputs.message);
    }
  });

  const answer = ({ values }: Row): string => `${textOf(values.intent)}, I think`;
  const proposed = async (scores: readonly number[], task: Task): Promise<readonly Proposal[]> => {
    const evaluator = evaluatorWith((row) => scores[row.line % scores.length], task, [], answer);
    const proposals = await bootstrappedDemonstrations.propose(contextOf(prompt, 1, { evaluator }));
    expect(proposals.length).toBeGreaterThan(0);
    return proposals;
  };
  const contains: Task = { ...textTask, metric: metricNamed('contains') };

  test('for free text show what the model wrote and the metric passed', async () => {
    const written = new Set(rows.map(answer));
    for (const proposal of await proposed([0, 1], contains)) {
      for (const each of answersOf(proposal)) expect(written).toContain(each);
      expect(proposal.reason).toMatch(/in its own words$/);
    }
  });

  test.each([
    ['labels', [0, 1], intentTask],
    ['a metric that gives part of a point', [0.5, 1], contains],
  ] as const)('with %s show the gold answers', async (_, scores, task) => {
    for (const proposal of await proposed(scores, task)) {
      for (const each of answersOf(proposal)) expect(intentTask.labels).toContain(each);
      expect(proposal.reason).toMatch(/right with high confidence$/);
    }
  });

  test('are absent if nothing was right', async () => {
    expect(await bootstrappedDemonstrations.propose(contextOf(prompt, 1, { evaluator: evaluatorWith(() => 0) }))).toEqual([]);
  });
});

test('a free text that already ends with its line is not limited to its line again', () => {
  const reasons = (stop: string[]): string[] =>
    decodingProposals(
      { body: 'Say ${input:message}', demonstrations: [] },
      { ...textTask, decoding: { ...textTask.decoding, stop } },
      { trainset: messages },
    ).map(({ reason }) => reason);
  expect(reasons([])).toContain('the answer ends at the end of its line');
  expect(reasons(['\n'])).not.toContain('the answer ends at the end of its line');
});

describe('promptKey', () => {
  test('is the same for prompts that are the same for the model', () => {
    const same = { ...prompt, body: `${body.replace('{{demos}}\n', '').replaceAll('\n', '\r\n')}\r\n` };
    expect(promptKey(same)).toBe(promptKey(prompt));
  });

  test('differs by demonstrations, text and columns', () => {
    const demonstrations = [demonstrationOf(prompt, 'intent', rows[0])];
    const others = [
      { ...prompt, demonstrations },
      { ...prompt, body: `Now: ${body}` },
      { ...prompt, body: body.replace('input:message', 'input:sender') },
    ];
    expect(new Set([prompt, ...others].map(promptKey)).size).toBe(4);
  });
});
