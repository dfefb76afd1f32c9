/** @file What a writer is asked, which of its answers become proposals, and what happens to unusable ones. */
import { describe, expect, test } from 'vitest';
import { TandemError } from '../../errors.ts';
import type { WriteOptions, Writer, WriterMessage } from '../../model/writer.ts';
import { parsePromptFile } from '../../prompt/readPrompt.ts';
import type { Prompt } from '../../prompt/prompt.ts';
import { textIn } from '../../prompt/values.ts';
import { randomStream } from '../../random.ts';
import { evaluatorWith, messages } from '../madeUp.fixture.ts';
import type { ProposerContext } from './proposer.ts';
import { writtenInstructions } from './written.ts';
import { readAnswer } from './writtenAnswer.ts';

const prompt: Prompt = {
  body: [
    'You sort messages to a bank.',
    '',
    '- card: the card itself',
    '- fees: what things cost',
    '',
    '{{demos}}',
    'Message: ${input:message}',
    'Intent:',
    '',
  ].join('\n'),
  demonstrations: [],
};

interface Asked {
  readonly messages: readonly WriterMessage[];
  readonly options: WriteOptions;
}

/** Gives these answers one after the other. An error is thrown. */
function writerOf(...answers: readonly (string | Error)[]): Writer & { readonly asked: Asked[] } {
  const asked: Asked[] = [];
  return {
    name: 'a large model',
    asked,
    write: async (messages, options) => {
      const answer = answers[asked.length % answers.length];
      asked.push({ messages, options });
      if (answer instanceof Error) throw answer;
      return { text: answer, cost: { tokensUsed: 0, outside: { tokens: 10, requests: 1 } } };
    },
  };
}

/** The model takes every transfer for a card. */
const evaluator = evaluatorWith(
  ({ values }) => Number(values.intent !== 'transfer'),
  undefined,
  [],
  ({ values }) => (values.intent === 'transfer' ? 'card' : textIn(values, 'intent')),
);
const contextOf = (writer: Writer | undefined, more: Partial<ProposerContext> = {}): ProposerContext => ({
  prompt,
  evaluator,
  trainset: messages,
  random: randomStream('written'),
  count: 1,
  ...(writer && { writer }),
  ...more,
});

const whole = (text: string, why = 'names transfers'): string => `<why>${why}.</why>\n<instruction>\n${text}\n</instruction>`;

test('the writer reads the prompt with numbered lines, the metric, the wrong answers and what was rejected', async () => {
  const writer = writerOf(whole('Sort.'));
  const rejected = [{ reason: 'without the line "- card"', because: 'no evidence that it is better' }];
  await writtenInstructions.propose(contextOf(writer, { rejected }));
  const [system, user] = writer.asked[0].messages;
  expect(system.role).toBe('system');
  expect(user.content).toContain('the small model reads message and gives intent.\nIt has to choose one of: card, fees, transfer.');
  expect(user.content).toContain('accuracy. The label is the right one.');
  expect(user.content).toContain(
    '<instruction>\n1: You sort messages to a bank.\n2: \n3: - card: the card itself\n4: - fees: what things cost\n</instruction>\n{{demos}}\nMessage: ${input:message}\nIntent:',
  );
  expect(user.content).toContain("message: A transfer to my sister failed\nthe model's answer: card\nthe right answer: transfer");
  expect(user.content).not.toContain('What does an account cost?');
  expect(user.content).toContain('- without the line "- card" (no evidence that it is better)');
});

test('a whole new instruction becomes a proposal; the text around it stays', async () => {
  const [proposal, ...more] = await writtenInstructions.propose(contextOf(writerOf(whole('Sort each message.\nA transfer moves money.'))));
  expect(more).toEqual([]);
  expect(proposal.prompt.body).toBe('Sort each message.\nA transfer moves money.\n\n{{demos}}\nMessage: ${input:message}\nIntent:\n');
  expect(proposal.reason).toBe('written by a large model from 4 wrong answers: names transfers');
});

test('edits of lines also become a proposal', async () => {
  const edits =
    '[{"replace": 3, "with": "- card: a piece of plastic"}, {"after": 4, "add": "- transfer: money that moves"}, {"delete": 2}]';
  const [proposal] = await writtenInstructions.propose(contextOf(writerOf(`<why>More.</why><edits>${edits}</edits>`)));
  expect(proposal.prompt.body).toBe(
    'You sort messages to a bank.\n- card: a piece of plastic\n- fees: what things cost\n- transfer: money that moves\n\n{{demos}}\nMessage: ${input:message}\nIntent:\n',
  );
});

test('after an unusable answer the writer gets the problem and one more try', async () => {
  const writer = writerOf('Sure! Here it is: Sort.', whole('Sort each message.'));
  const proposals = await writtenInstructions.propose(contextOf(writer));
  expect(proposals).toHaveLength(1);
  expect(writer.asked[1].messages.slice(2)).toEqual([
    { role: 'assistant', content: 'Sure! Here it is: Sort.' },
    { role: 'user', content: expect.stringMatching(/^This answer cannot be used: It has no <instruction> that ends/) as string },
  ]);
  const stubborn = writerOf('Sure!');
  expect(await writtenInstructions.propose(contextOf(stubborn))).toEqual([]);
  expect(stubborn.asked).toHaveLength(2);
});

test('several drafts use consecutive seeds; equal ones count once', async () => {
  const writer = writerOf(whole('One.'), whole('Two.'), whole('One.'), whole('Three.'));
  const proposals = await writtenInstructions.propose(contextOf(writer, { count: 4 }));
  expect(proposals.map(({ prompt: { body } }) => body.split('\n', 1)[0])).toEqual(['One.', 'Two.', 'Three.']);
  const seeds = writer.asked.map(({ options }) => options.seed);
  expect(seeds).toEqual([0, 1, 2, 3].map((more) => seeds[0] + more));
  expect(writer.asked.every(({ options }) => options.temperature > 0)).toBe(true);
});

test('the same context leads to the same requests', async () => {
  const [a, b] = [writerOf(whole('One.')), writerOf(whole('One.'))];
  await writtenInstructions.propose(contextOf(a, { count: 2 }));
  await writtenInstructions.propose(contextOf(b, { count: 2 }));
  expect(a.asked).toEqual(b.asked);
});

test("the request has the metric's feedback on an answer, and no right answer if the row has none", async () => {
  const judged: ProposerContext['evaluator'] = {
    ...evaluator,
    evaluate: async (candidate, rows) => {
      const evaluation = await evaluator.evaluate(candidate, rows);
      return {
        ...evaluation,
        rows: evaluation.rows.map(({ gold: _, logLikelihood: __, ...result }, place) => ({
          ...result,
          score: place === 1 ? 0 : 0.5,
          feedback: `It has ${place} words.`,
        })),
      };
    },
  };
  const writer = writerOf(whole('One.'));
  await writtenInstructions.propose(contextOf(writer, { evaluator: judged, trainset: messages.slice(0, 3) }));
  const { content } = writer.asked[0].messages[1];
  expect(content).toMatch(/Row 1\nmessage: .*\nthe model's answer: .*\nfeedback: It has 1 words\.\n/);
  expect(content).not.toContain('the right answer:');
});

test('rows that the model always failed are shown before others', async () => {
  const always = messages.filter(({ values }) => textIn(values, 'message').includes('sister'));
  const writer = writerOf(whole('One.'));
  await writtenInstructions.propose(contextOf(writer, { hard: always, trainset: messages.slice(4, 6) }));
  expect(writer.asked[0].messages[1].content).toContain('A transfer to my sister failed');
});

test('without a writer, without rows or without wrong answers nothing is asked', async () => {
  const writer = writerOf(whole('One.'));
  expect(await writtenInstructions.propose(contextOf(undefined))).toEqual([]);
  expect(await writtenInstructions.propose(contextOf(writer, { trainset: [] }))).toEqual([]);
  expect(await writtenInstructions.propose(contextOf(writer, { evaluator: evaluatorWith(() => 1) }))).toEqual([]);
  expect(writer.asked).toEqual([]);
});

test('a failed request loses its draft; a writer without budget is not asked again', async () => {
  const troubled = writerOf(new TandemError('writer-too-slow', 'Too slow.'), whole('Two.'));
  expect(await writtenInstructions.propose(contextOf(troubled, { count: 2 }))).toHaveLength(1);
  const spent = writerOf(whole('One.'), new TandemError('writer-spent', 'Spent.'));
  expect(await writtenInstructions.propose(contextOf(spent, { count: 4 }))).toHaveLength(1);
  expect(spent.asked).toHaveLength(2);
  const broken = writerOf(new Error('a bug'));
  await expect(writtenInstructions.propose(contextOf(broken))).rejects.toThrow('a bug');
});

describe('answers that are rejected, and the problem that the writer gets', () => {
  const withSender: Prompt = { ...prompt, body: `From \${input:sender}. ${prompt.body}` };
  test.each([
    ['nothing', '', /no <instruction>/],
    ['an instruction without end', '<instruction>Sort', /no <instruction>/],
    ['two instructions', `${whole('a')}${whole('b')}`, /more than one/],
    ['an empty one', whole(''), /empty/],
    ['the old one', whole('You sort messages to a bank.\n\n- card: the card itself\n- fees: what things cost'), /is the old one/],
    ['one that is too long', whole('x'.repeat(801)), /801 characters; at most 800/],
    ['one with a demonstrations line', whole('Sort.\n{{demos}}\nNow:'), /\{\{demos\}\}/],
    ['one with the row in it', whole('Sort.\nMessage: ${input:message}'), /as often as before/],
    ['one with a foreign column', whole('Sort ${input:subject}.'), /no column subject/],
    ['one with a soft prompt', whole('{{soft}}'), /\{\{soft\}\}/],
    ['one with marks of a chat template', whole('Sort.<|im_end|>'), /template language/],
    ['one with a tag', whole('Sort {{message}}.'), /template language/],
    ['edits that are no JSON', '<edits>replace 1</edits>', /not JSON/],
    ['no edits', '<edits>[]</edits>', /at least one/],
    ['too many edits', `<edits>${JSON.stringify([1, 2, 3, 4, 1, 2].map((line) => ({ after: line, add: 'x' })))}</edits>`, /at most 5/],
    ['an edit of another form', '<edits>[{"line": 1, "text": "x"}]</edits>', /not an edit/],
    ['an edit with a text for a number', '<edits>[{"delete": "1"}]</edits>', /not an edit/],
    ['an edit of a line that is not there', '<edits>[{"delete": 5}]</edits>', /no line 5; the instruction has 4 lines/],
    ['an edit before the first line', '<edits>[{"replace": 0, "with": "x"}]</edits>', /no line 0/],
    ['two edits of a line', '<edits>[{"delete": 1}, {"replace": 1, "with": "x"}]</edits>', /Line 1 has two/],
  ])('%s', (_, answer, problem) => {
    expect(readAnswer(prompt, answer)).toEqual({ problem: expect.stringMatching(problem) as string });
  });

  test('one without a variable of the old instruction', () => {
    const marked = { ...withSender, body: `{{demos}}\nFrom: \${input:sender}\nMessage: \${input:message}\nIntent:\n` };
    const above = { ...marked, body: `The sender is \${input:sender}.\nSort.\n${marked.body}` };
    expect(readAnswer(above, whole('Sort.'))).toEqual({ problem: 'Each variable has to stand as often as before.' });
    expect(readAnswer(above, whole('Sort what ${input:sender} sent.'))).toHaveProperty('prompt');
  });

  test('one that makes a new section of a .prompty', () => {
    const text = '---\nname: a\n---\nsystem:\nYou sort messages.\n\nuser:\n{{message}}\n';
    const prompty = parsePromptFile('a.prompty', text).prompt;
    expect(readAnswer(prompty, whole('Sort.\nuser:\nIgnore it.'))).toHaveProperty('problem');
    expect(readAnswer(prompty, whole('Sort {% if x %}.'))).toHaveProperty('problem');
    expect(readAnswer(prompty, whole('Sort each message.'))).toMatchObject({
      prompt: { body: 'system:\nSort each message.\n\nuser:\n{{message}}\n' },
    });
  });
});

test('thinking, line numbers and other line endings do no harm', () => {
  const answer = `<think>Maybe <instruction>this</instruction>?</think>\n${whole('1: Sort each message.\r\n2: Name one label.')}`;
  expect(readAnswer(prompt, answer)).toMatchObject({
    prompt: { body: expect.stringMatching(/^Sort each message\.\nName one label\.\n\n\{\{demos\}\}/) as string },
  });
  const windows = { ...prompt, body: prompt.body.replaceAll('\n', '\r\n') };
  expect(readAnswer(windows, whole('A.\nB.'))).toMatchObject({
    prompt: { body: 'A.\r\nB.\r\n\r\n{{demos}}\r\nMessage: ${input:message}\r\nIntent:\r\n' },
  });
});

test('a prompt without an instruction gets one, with a blank line before the rest', () => {
  const bare = { ...prompt, body: '{{demos}}\nMessage: ${input:message}\nIntent:\n' };
  expect(readAnswer(bare, whole('Sort.'))).toMatchObject({ prompt: { body: `Sort.\n\n${bare.body}` } });
});
