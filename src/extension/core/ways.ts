/**
 * @file What is asked before a run that is to work otherwise than the settings say: one question per step, what is set first. Everybody is
 * asked the first four; the others come with "More options…". Names of methods stand in the details only.
 */
import { TandemError } from '../../errors.ts';
import { adapterChoices, type AdapterChoice } from '../../model/stepAdapters.ts';
import { curricula, pacings, type Curriculum, type Pacing } from '../../optimize/curriculum.ts';
import { coordinators, parseBudget, tuneChoices, type CoordinatorName, type TuneChoice } from '../../run/spec.ts';
import { label, type Label } from './unmarked.ts';

/** What a run is asked beside the settings. */
export interface Way {
  /** As it is written: '5m', '2M'. */
  readonly budget: string;
  readonly tune: TuneChoice;
  /** The most validation rows to measure on; 0 for all. */
  readonly rows: number;
  /** Another one than the prompt file names; it is written down when weights for it are accepted. */
  readonly model: string;
  readonly coordinator: CoordinatorName;
  readonly curriculum: Curriculum;
  readonly pacing: Pacing;
  /** 'auto' for the first start that there is, 'none', or a folder. */
  readonly warmStart: string;
  /** Of a program. */
  readonly adapters: AdapterChoice;
}

export interface WayFacts {
  /** As the settings and the prompt file have it. */
  readonly set: Way;
  /** Several steps: for them there is one coordinator, and no learned start. */
  readonly isProgram: boolean;
  /** Models to choose from; none where the file names an adapter, which belongs to its model. */
  readonly models: readonly { readonly name: string; readonly about: string }[];
  /** The learned starts of the prompt's model, the one that 'auto' takes first. */
  readonly starts: readonly { readonly folder: string; readonly name: string; readonly tasks: number }[];
}

/** Text to write instead of a choice. */
export interface WayText {
  readonly prompt: string;
  /** What is wrong with the text so far. */
  readonly check: (text: string) => string | undefined;
}

export interface WayChoice {
  readonly label: Label;
  readonly description?: string;
  readonly detail?: string;
  readonly value: string;
  readonly write?: WayText;
}

export interface WayQuestion {
  readonly key: keyof Way | 'more';
  readonly placeHolder: string;
  /** The one that is set first. */
  readonly choices: readonly WayChoice[];
}

/** The answers so far, as chosen or written. */
export type WayAnswers = Partial<Record<WayQuestion['key'], string>>;

/** The questions in order; later ones depend on the answers to the first. */
export function wayQuestions(facts: WayFacts, answers: WayAnswers): WayQuestion[] {
  const { set, models } = facts;
  const questions: readonly (WayQuestion | false)[] = [
    { key: 'budget', placeHolder: 'How long the run may take', choices: budgetChoices(set.budget) },
    { key: 'tune', placeHolder: 'What to tune', choices: choicesOf(tuneChoices, set.tune, aboutTuning) },
    { key: 'rows', placeHolder: 'How many validation rows judge a change', choices: rowChoices(set.rows) },
    models.length > 0 && { key: 'model', placeHolder: 'Which model to tune for', choices: modelChoices(facts) },
    { key: 'more', placeHolder: 'Ready to start', choices: lastChoices },
    ...(answers.more === 'more' ? moreQuestions(facts, answers) : []),
  ];
  return questions.filter((question) => question !== false);
}

/** The given answers in the order of the questions. */
export function answersOf(facts: WayFacts, given: readonly string[]): WayAnswers {
  let answers: WayAnswers = {};
  for (const [place, answer] of given.entries()) answers = { ...answers, [wayQuestions(facts, answers)[place].key]: answer };
  return answers;
}

/** What the answers ask of a run. */
export function wayOf({ more: _, rows, model, ...answers }: WayAnswers): Partial<Way> {
  return { ...(answers as Partial<Way>), ...(rows !== undefined && { rows: Number(rows) }), ...(model && { model }) };
}

function moreQuestions(facts: WayFacts, answers: WayAnswers): (WayQuestion | false)[] {
  const { set, isProgram, starts } = facts;
  const possible = answers.tune === 'weights' ? coordinators.filter((each) => each !== 'simultaneous') : coordinators;
  const coordinator = answers.coordinator ?? (isProgram ? 'coordinate' : set.coordinator);
  const grows = coordinator === 'alternating' && (answers.curriculum ?? set.curriculum) !== 'none';
  return [
    {
      key: 'coordinator',
      placeHolder: 'How to tune prompt and weights together',
      choices: choicesOf(isProgram ? ['coordinate'] : possible, set.coordinator, aboutCoordinators),
    },
    coordinator === 'alternating' && {
      key: 'curriculum',
      placeHolder: 'What to begin with',
      choices: choicesOf(curricula, set.curriculum, aboutCurricula),
    },
    grows && { key: 'pacing', placeHolder: 'How fast to go on to everything', choices: choicesOf(pacings, set.pacing, aboutPacings) },
    isProgram && {
      key: 'adapters',
      placeHolder: 'Whether the steps share what they learn',
      choices: choicesOf(adapterChoices, set.adapters, aboutAdapters),
    },
    starts.length > 0 &&
      !isProgram &&
      answers.tune !== 'prompt' && { key: 'warmStart', placeHolder: 'Where new weights start', choices: startChoices(facts) },
  ];
}

function choicesOf<T extends string>(all: readonly T[], set: T, about: Readonly<Record<T, About>>): WayChoice[] {
  return setFirst(
    all.map((value) => ({ ...about[value], value })),
    set,
  );
}

const asSet = 'current setting';

/** The choice that is set moves to the top and says so. */
function setFirst(all: readonly WayChoice[], set: string): WayChoice[] {
  const first = all.filter(({ value }) => value === set);
  const marked = first.map((choice) => ({ ...choice, description: joined(choice.description, asSet) }));
  return [...marked, ...all.filter((choice) => !first.includes(choice))];
}

const joined = (...texts: readonly (string | undefined)[]): string => texts.filter(Boolean).join(' · ');

/** Of a setting that is none of the choices, too. */
function withSet(all: readonly WayChoice[], set: string, title: Label, description: string): WayChoice[] {
  const known = all.some(({ value }) => value === set);
  return setFirst(known ? all : [{ label: title, description, value: set }, ...all], set);
}

function budgetChoices(set: string): WayChoice[] {
  return withSet([...durations, ownBudget], set, label`$(clock) As in the settings`, set);
}

const durations: readonly WayChoice[] = [
  { label: label`$(zap) Quick`, description: '2m', detail: 'For a first impression', value: '2m' },
  { label: label`$(clock) Normal`, description: '5m', detail: 'Enough for most prompts with a small model', value: '5m' },
  { label: label`$(telescope) Thorough`, description: '30m', detail: 'For long prompts, larger models or small gains', value: '30m' },
];

const ownBudget: WayChoice = {
  label: label`$(edit) Your own…`,
  detail: 'A time such as 90s or 1.5h, or a number of tokens such as 2M',
  value: 'own',
  write: { prompt: 'A time such as 90s, 5m or 1.5h, or a number of tokens such as 2M', check: budgetProblem },
};

function budgetProblem(text: string): string | undefined {
  try {
    parseBudget(text);
    return undefined;
  } catch (error) {
    return error instanceof TandemError ? `${error.message} ${error.hint ?? ''}`.trim() : String(error);
  }
}

function rowChoices(set: number): WayChoice[] {
  const upTo = (rows: number): WayChoice => ({ label: label`$(list-filter) Up to ${rows}`, value: String(rows) });
  const all: WayChoice[] = [
    { label: label`$(list-unordered) All of them`, detail: 'Judges most reliably', value: '0' },
    { ...upTo(100), detail: 'Faster, and less certain' },
    { ...upTo(30), detail: 'Fastest. Small gains cannot be told from chance' },
    {
      label: label`$(edit) Your own…`,
      detail: 'Another number of rows',
      value: 'own',
      write: { prompt: 'A number of rows', check: rowsProblem },
    },
  ];
  return withSet(all, String(set), upTo(set).label, '');
}

const rowsProblem = (text: string): string | undefined => (/^\s*[1-9]\d{0,8}\s*$/.test(text) ? undefined : 'Enter a whole number from 1.');

function modelChoices({ set, models }: WayFacts): WayChoice[] {
  const others = models.filter(({ name }) => name !== set.model);
  const about = models.find(({ name }) => name === set.model)?.about;
  return [
    { label: label`$(chip) ${set.model}`, description: joined(about, 'in the prompt file'), value: '' },
    ...others.map(({ name, about: description }) => ({ label: label`$(chip) ${name}`, description, value: name })),
  ];
}

const lastChoices: readonly WayChoice[] = [
  { label: label`$(rocket) Start`, detail: 'Your files do not change until you accept what the run finds', value: 'start' },
  { label: label`$(settings-gear) More options…`, detail: 'How prompt and weights take turns, what to begin with', value: 'more' },
];

function startChoices({ set, starts }: WayFacts): WayChoice[] {
  const choices = [
    ...starts.map(({ folder, name, tasks }, place) => ({
      label: label`$(flame) ${name}`,
      detail: `Learned from ${tasks === 1 ? 'one task' : `${tasks} tasks`}. Used only if a short probe shows that it helps`,
      value: place === 0 ? 'auto' : folder,
    })),
    { label: label`$(circle-slash) None`, detail: 'New adapters start from scratch', value: 'none' },
  ];
  return setFirst(choices, set.warmStart);
}

interface About {
  readonly label: Label;
  readonly detail: string;
}

const aboutTuning: Readonly<Record<TuneChoice, About>> = {
  both: { label: label`$(rocket) Prompt and weights`, detail: 'Changes the text, and trains the model for it' },
  prompt: { label: label`$(wand) Prompt only`, detail: 'Changes the text. The model stays as it is' },
  weights: { label: label`$(layers) Weights only`, detail: 'Trains the model. The text stays as it is' },
};

const aboutCoordinators: Readonly<Record<CoordinatorName, About>> = {
  alternating: {
    label: label`$(arrow-swap) By turns`,
    detail: 'Alternating: a phase compares proposals for the prompt or trains the weights',
  },
  coordinate: {
    label: label`$(layers) Part by part`,
    detail: 'Coordinate descent: the decoding, the adapter, the instruction or the demonstrations, whichever gains most',
  },
  simultaneous: {
    label: label`$(combine) Both at once`,
    detail: 'Simultaneous: one backward pass updates a soft prompt and the weights; then the soft prompt is converted back to text',
  },
};

const aboutAdapters: Readonly<Record<AdapterChoice, About>> = {
  shared: { label: label`$(link) One adapter for all steps`, detail: 'It learns the answers of all steps' },
  'per-step': { label: label`$(list-tree) One adapter for each step`, detail: 'Each learns only its own answers' },
};

const aboutCurricula: Readonly<Record<Curriculum, About>> = {
  none: { label: label`$(circle-slash) Everything`, detail: 'No curriculum: all rows and all changes from the start' },
  data: {
    label: label`$(list-ordered) The rows that teach most`,
    detail: 'A curriculum of data: rows that the model gets right about half of the time train the weights; hard rows go to the proposers',
  },
  freedom: {
    label: label`$(unfold) Small changes`,
    detail:
      'A curriculum of freedom: a few edits to the wording and a small adapter, then lines, then demonstrations and the whole adapter',
  },
  both: { label: label`$(graph-line) Both of these`, detail: 'Data and freedom grow' },
};

const aboutPacings: Readonly<Record<Pacing, About>> = {
  linear: { label: label`$(arrow-up) Steadily`, detail: 'Linear: in step with the budget; everything is in use after half of it' },
  root: { label: label`$(rocket) Quickly at first`, detail: 'Root: everything is in use after half of the budget' },
  'self-paced': {
    label: label`$(pulse) As the model learns`,
    detail: 'Self-paced: by what the model can do so far, row by row and stage by stage',
  },
};
