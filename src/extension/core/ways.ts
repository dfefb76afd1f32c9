/** @file What is asked before a run that is optimized in another way than the settings say: one question per step, the current setting first. */
import { adapterChoices, type AdapterChoice } from '../../model/stepAdapters.ts';
import { curricula, pacings, type Curriculum, type Pacing } from '../../optimize/curriculum.ts';
import { coordinators, type CoordinatorName } from '../../run/spec.ts';
import { label, type Label } from './unmarked.ts';

/** What a run is asked beside the settings. */
export interface Way {
  readonly coordinator: CoordinatorName;
  readonly curriculum: Curriculum;
  readonly pacing: Pacing;
  /** 'auto' for the first start that there is, 'none', or a folder. */
  readonly warmStart: string;
  /** Of a program. */
  readonly adapters: AdapterChoice;
}

export interface WayFacts {
  /** As the settings have it. */
  readonly set: Way;
  /** Several steps: for them there is one coordinator, and no learned start. */
  readonly isProgram: boolean;
  /** The learned starts of the prompt's model, the one that 'auto' takes first. */
  readonly starts: readonly { readonly folder: string; readonly name: string; readonly tasks: number }[];
}

export interface WayChoice {
  readonly label: Label;
  readonly description?: string;
  readonly detail?: string;
  readonly value: string;
}

export interface WayQuestion {
  readonly key: keyof Way;
  readonly placeHolder: string;
  /** The one that is set first. */
  readonly choices: readonly WayChoice[];
}

/** The questions in order; later ones depend on the answers to the first. */
export function wayQuestions(facts: WayFacts, answers: Partial<Way>): WayQuestion[] {
  const { set, isProgram, starts } = facts;
  const coordinator = answers.coordinator ?? (isProgram ? 'coordinate' : set.coordinator);
  const grows = coordinator === 'alternating' && (answers.curriculum ?? set.curriculum) !== 'none';
  const questions: readonly (WayQuestion | false)[] = [
    {
      key: 'coordinator',
      placeHolder: 'How to optimize prompt and weights together',
      choices: choicesOf(isProgram ? ['coordinate'] : coordinators, set.coordinator, aboutCoordinators),
    },
    coordinator === 'alternating' && {
      key: 'curriculum',
      placeHolder: 'Curriculum: what grows during the run',
      choices: choicesOf(curricula, set.curriculum, aboutCurricula),
    },
    grows && {
      key: 'pacing',
      placeHolder: 'Pacing: how fast the curriculum grows',
      choices: choicesOf(pacings, set.pacing, aboutPacings),
    },
    isProgram && {
      key: 'adapters',
      placeHolder: 'Adapters of the steps',
      choices: choicesOf(adapterChoices, set.adapters, aboutAdapters),
    },
    starts.length > 0 && !isProgram && { key: 'warmStart', placeHolder: 'Where new adapters start', choices: startChoices(facts) },
  ];
  return questions.filter((question) => question !== false);
}

function choicesOf<T extends string>(all: readonly T[], set: T, about: Readonly<Record<T, About>>): WayChoice[] {
  return setFirst(all, set).map((value) => ({ ...about[value], ...(value === set && asSet), value }));
}

const asSet = { description: 'current setting' };

function startChoices({ set, starts }: WayFacts): WayChoice[] {
  const choices = [
    ...starts.map(({ folder, name, tasks }, place) => ({
      label: label`$(flame) ${name}`,
      detail: `Learned from ${tasks === 1 ? 'one task' : `${tasks} tasks`}. Used only if a short probe shows that it helps`,
      value: place === 0 ? 'auto' : folder,
    })),
    { label: label`$(circle-slash) None`, detail: 'New adapters start from scratch', value: 'none' },
  ];
  return setFirst(choices, set.warmStart, ({ value }) => value).map((choice) => ({
    ...choice,
    ...(choice.value === set.warmStart && asSet),
  }));
}

function setFirst<T>(all: readonly T[], set: string, valueOf: (one: T) => string = String): T[] {
  return [...all.filter((one) => valueOf(one) === set), ...all.filter((one) => valueOf(one) !== set)];
}

interface About {
  readonly label: Label;
  readonly detail: string;
}

const aboutCoordinators: Readonly<Record<CoordinatorName, About>> = {
  alternating: {
    label: label`$(arrow-swap) Alternating`,
    detail: 'In turns: a phase compares proposals for the prompt or trains the weights',
  },
  coordinate: {
    label: label`$(layers) Coordinate descent`,
    detail: 'One block at a time: the decoding, the adapter, the instruction or the demonstrations, whichever gains most',
  },
  simultaneous: {
    label: label`$(combine) Simultaneous`,
    detail: 'At the same time: one backward pass updates a soft prompt and the weights; then the soft prompt is converted back to text',
  },
};

const aboutAdapters: Readonly<Record<AdapterChoice, About>> = {
  shared: { label: label`$(link) One for all steps`, detail: 'It learns the answers of all steps' },
  'per-step': { label: label`$(list-tree) One for each step`, detail: 'Each learns only its own answers' },
};

const aboutCurricula: Readonly<Record<Curriculum, About>> = {
  none: { label: label`$(circle-slash) No curriculum`, detail: 'Everything is in use from the start' },
  data: {
    label: label`$(list-ordered) Data`,
    detail: 'Rows that the model gets right about half of the time train the weights; hard rows go to the proposers',
  },
  freedom: {
    label: label`$(unfold) Freedom`,
    detail: 'First a few edits to the wording and a small adapter, then lines, then demonstrations and the whole adapter',
  },
  both: { label: label`$(graph-line) Data and freedom`, detail: 'Both grow' },
};

const aboutPacings: Readonly<Record<Pacing, About>> = {
  linear: { label: label`$(arrow-up) Linear`, detail: 'In step with the budget; everything is in use after half of it' },
  root: { label: label`$(rocket) Root`, detail: 'Quickly at first; everything is in use after half of the budget' },
  'self-paced': { label: label`$(pulse) Self-paced`, detail: 'By what the model can do so far, row by row and stage by stage' },
};
