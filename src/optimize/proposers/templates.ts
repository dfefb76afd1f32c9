/** @file Grounded templates: prompts built from the data's own words: column names, labels, and what distinguishes the labels. */
import type { Row } from '../../data/dataset.ts';
import type { Prompt } from '../../prompt/prompt.ts';
import { wordsFor } from '../../prompt/labelWords.ts';
import { languageOf } from '../../prompt/languages/table.ts';
import { columnsOf, roleLinesOf } from '../../prompt/template.ts';
import { textIn } from '../../prompt/values.ts';
import { hinted, namedWords } from './hintedEdits.ts';
import { newOnes, type Proposal, type Proposer } from './proposer.ts';

interface Facts {
  readonly inputs: readonly string[];
  readonly output: string;
  /** In the words that the model uses. */
  readonly labels: readonly string[];
  /** Label -> words that its rows have more often than others. */
  readonly hints: ReadonlyMap<string, readonly string[]>;
  /** The lines that show a row's input columns. */
  readonly shown: string;
  /** What a person would call the one input, or 'input'. */
  readonly thing: string;
  /** Whether the prompt has the sections of a `.prompty`: then the instruction belongs to the system, and the row to the user. */
  readonly hasRoles: boolean;
  /** Words of a hint, separated by commas. '' without one. */
  readonly hinted: string;
}

/** One line per template: an instruction (above the row) and how the answer is asked for (below it). */
const labelTemplates: readonly { readonly reason: string; readonly body: (facts: Facts) => string }[] = [
  { reason: 'the row and the question, nothing else', body: (f) => frame('', f, title(f.output)) },
  {
    reason: 'an instruction with the list of labels',
    body: (f) => frame(`Classify the ${f.thing} by its ${f.output}. Choose one of: ${f.labels.join(', ')}.`, f, title(f.output)),
  },
  {
    reason: 'the labels as a list, one a line',
    body: (f) => frame(`Possible values of ${f.output}:\n${f.labels.map((label) => `- ${label}`).join('\n')}`, f, title(f.output)),
  },
  {
    reason: 'asked as a question, labels named',
    body: (f) => frame(`What is the ${f.output} of this ${f.thing}: ${alternatives(f.labels)}?`, f, 'Answer'),
  },
  {
    reason: 'asked as a question after the row',
    body: (f) => `${f.hasRoles ? 'user:\n' : ''}${f.shown}\nQuestion: What is the ${f.output} of this ${f.thing}?\nAnswer:\n`,
  },
  {
    reason: 'each label with the words that set its rows apart',
    body: (f) =>
      frame(
        `The ${f.output} of a ${f.thing} is one of:\n${f.labels.map((label) => `- ${label}${hintsOf(f, label)}`).join('\n')}`,
        f,
        title(f.output),
      ),
  },
  { reason: 'a short instruction without the labels', body: (f) => frame(`Give the ${f.output} of the ${f.thing}.`, f, title(f.output)) },
];

const textTemplates: typeof labelTemplates = [
  { reason: 'the row and the question, nothing else', body: (f) => frame('', f, title(f.output)) },
  { reason: 'a short instruction', body: (f) => frame(`Give the ${f.output} of the ${f.thing}.`, f, title(f.output)) },
  {
    reason: 'an instruction with the form of the answer',
    body: (f) => frame(`Read the ${f.thing} and write only its ${f.output}, nothing else.`, f, title(f.output)),
  },
  {
    reason: 'asked as question and answer',
    body: (f) => frame(`Answer with the ${f.output}.`, { ...f, shown: f.shown.replace(/^[^:]*:/, 'Question:') }, 'Answer'),
  },
];

/** With a hint, these come first. */
const hintedTemplates: Readonly<
  Record<'labels' | 'text', readonly { readonly reason: string; readonly body: (facts: Facts) => string }[]>
> = {
  labels: [
    {
      reason: 'an instruction with the list of labels, and',
      body: (f) =>
        frame(`Classify the ${f.thing} by its ${f.output} (${f.hinted}). Choose one of: ${f.labels.join(', ')}.`, f, title(f.output)),
    },
    {
      reason: 'asked as a question, labels named, with',
      body: (f) => frame(`What is the ${f.output} (${f.hinted}) of this ${f.thing}: ${alternatives(f.labels)}?`, f, 'Answer'),
    },
  ],
  text: [
    {
      reason: 'a short instruction with',
      body: (f) => frame(`Give the ${f.output} of the ${f.thing} (${f.hinted}).`, f, title(f.output)),
    },
  ],
};

export const groundedTemplates: Proposer = {
  name: 'grounded templates',
  async propose({ prompt, evaluator, trainset, random, count, hint }) {
    const words = hint ? namedWords(hint).join(', ') : '';
    const facts = { ...factsOf(prompt, evaluator.task.output, evaluator.task.labels ?? [], trainset), hinted: words };
    if (!facts.inputs.length) return [];
    const table = evaluator.task.labels ? labelTemplates : textTemplates;
    const few = facts.labels.length <= 40;
    const newline = /\r?\n/.exec(prompt.body)?.[0] ?? '\n';
    // A template shows every column in the row block, so a demonstration must have them all.
    const demonstrations = prompt.demonstrations.filter(({ inputs }) => facts.inputs.every((name) => Object.hasOwn(inputs, name)));
    const made = ({ reason, body }: (typeof table)[number]): Proposal => ({
      prompt: { ...prompt, demonstrations, body: body(facts).replaceAll('\n', newline) },
      reason,
    });
    const withHint = hint && words ? hintedTemplates[evaluator.task.labels ? 'labels' : 'text'] : [];
    const fromHint = withHint.map(made).map((each) => ({ ...each, reason: `${each.reason} ${hinted(hint!, true)}: ${words}` }));
    const fitting = (proposals: readonly Proposal[]): readonly Proposal[] =>
      few ? proposals : proposals.filter((proposal) => !proposal.prompt.body.includes(facts.labels[0]));
    return newOnes(prompt, [...random.shuffle(fitting(fromHint)), ...random.shuffle(fitting(table.map(made)))], count);
  },
};

function frame(instruction: string, { shown, hasRoles }: Facts, ask: string): string {
  const system = instruction ? `${hasRoles ? 'system:\n' : ''}${instruction}\n\n` : '';
  return `${system}${hasRoles ? 'user:\n' : ''}{{demos}}\n${shown}\n${ask}:\n`;
}

function factsOf(prompt: Prompt, output: string, labels: readonly string[], rows: readonly Row[]): Omit<Facts, 'hinted'> {
  const inputs = columnsOf(prompt).filter((name) => name !== output);
  return {
    inputs,
    hasRoles: roleLinesOf(prompt).length > 0,
    output: output.replaceAll(/[_-]/g, ' '),
    labels: labels.map((label) => wordsFor(prompt, label)),
    hints: new Map([...distinctiveWords(rows, inputs, output)].map(([label, words]) => [wordsFor(prompt, label), words])),
    shown: inputs.map((name) => `${title(name)}: ${languageOf(prompt).write(name)}`).join('\n'),
    thing: inputs.length === 1 ? inputs[0].replaceAll(/[_-]/g, ' ') : 'input',
  };
}

const title = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1).replaceAll(/[_-]/g, ' ');
const alternatives = (labels: readonly string[]): string =>
  labels.length < 2 ? labels.join() : `${labels.slice(0, -1).join(', ')} or ${labels[labels.length - 1]}`;
const hintsOf = ({ hints }: Facts, label: string): string => {
  const words = hints.get(label) ?? [];
  return words.length ? ` (${words.join(', ')})` : '';
};

/** Up to three words for each label, by smoothed log-odds against the other labels, each in at least two of its rows. Monroe et al. 2008. */
function distinctiveWords(rows: readonly Row[], inputs: readonly string[], output: string): Map<string, string[]> {
  const perLabel = new Map<string, Map<string, number>>();
  const overall = new Map<string, number>();
  const rowsOf = new Map<string, number>();
  for (const { values } of rows) {
    const label = textIn(values, output);
    const words = new Set(
      inputs.flatMap(
        (name) =>
          textIn(values, name)
            .toLowerCase()
            .match(/\p{L}{3,}/gu) ?? [],
      ),
    );
    const counts = perLabel.get(label) ?? new Map<string, number>();
    perLabel.set(label, counts);
    rowsOf.set(label, (rowsOf.get(label) ?? 0) + 1);
    for (const word of words) {
      counts.set(word, (counts.get(word) ?? 0) + 1);
      overall.set(word, (overall.get(word) ?? 0) + 1);
    }
  }
  const result = new Map<string, string[]>();
  for (const [label, counts] of perLabel) {
    const own = rowsOf.get(label) as number;
    const others = rows.length - own;
    const odds = [...counts]
      .filter(([, count]) => count >= 2)
      .map(
        ([word, count]) =>
          [word, Math.log((count + 0.5) / (own + 1)) - Math.log(((overall.get(word) as number) - count + 0.5) / (others + 1))] as const,
      )
      .filter(([, score]) => score > 1);
    odds.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    result.set(
      label,
      odds.slice(0, 3).map(([word]) => word),
    );
  }
  return result;
}
