/** @file What is asked before a run that goes another way than the settings say: one question a step, the answer that is set first. */
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

/** The questions in order; later ones hang on the answers to the first. */
export function wayQuestions(facts: WayFacts, answers: Partial<Way>): WayQuestion[] {
  const { set, isProgram, starts } = facts;
  const coordinator = answers.coordinator ?? (isProgram ? 'coordinate' : set.coordinator);
  const grows = coordinator === 'alternating' && (answers.curriculum ?? set.curriculum) !== 'none';
  const questions: readonly (WayQuestion | false)[] = [
    {
      key: 'coordinator',
      placeHolder: 'The way of optimizing prompt and weights together',
      choices: choicesOf(isProgram ? ['coordinate'] : coordinators, set.coordinator, aboutCoordinators),
    },
    coordinator === 'alternating' && {
      key: 'curriculum',
      placeHolder: 'The curriculum: what grows in the course of the run',
      choices: choicesOf(curricula, set.curriculum, aboutCurricula),
    },
    grows && {
      key: 'pacing',
      placeHolder: 'The pacing: how fast it grows',
      choices: choicesOf(pacings, set.pacing, aboutPacings),
    },
    isProgram && {
      key: 'adapters',
      placeHolder: 'The adapters of the steps',
      choices: choicesOf(adapterChoices, set.adapters, aboutAdapters),
    },
    starts.length > 0 && !isProgram && { key: 'warmStart', placeHolder: 'Where new adapters begin', choices: startChoices(facts) },
  ];
  return questions.filter((question) => question !== false);
}

function choicesOf<T extends string>(all: readonly T[], set: T, about: Readonly<Record<T, About>>): WayChoice[] {
  return setFirst(all, set).map((value) => ({ ...about[value], ...(value === set && asSet), value }));
}

const asSet = { description: 'as set' };

function startChoices({ set, starts }: WayFacts): WayChoice[] {
  const choices = [
    ...starts.map(({ folder, name, tasks }, place) => ({
      label: label`$(flame) ${name}`,
      detail: `Learned from ${tasks === 1 ? 'one task' : `${tasks} tasks`}; a short probe says whether it helps, and else it is left out`,
      value: place === 0 ? 'auto' : folder,
    })),
    { label: label`$(circle-slash) None`, detail: 'New adapters begin from nothing', value: 'none' },
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
    detail: 'By turns: prompts are proposed and raced, then the weights are trained',
  },
  coordinate: {
    label: label`$(layers) Coordinate descent`,
    detail: 'One block at a time: decoding, the adapter, the instruction or the demonstrations, whichever gains most',
  },
  simultaneous: {
    label: label`$(combine) Simultaneous`,
    detail: 'At once: one backward pass moves a soft prompt and the weights; then it is read back as text',
  },
};

const aboutAdapters: Readonly<Record<AdapterChoice, About>> = {
  shared: { label: label`$(link) One that all steps share`, detail: 'It learns the answers of all steps' },
  'per-step': { label: label`$(list-tree) One for each step`, detail: 'Each learns its own answers alone' },
};

const aboutCurricula: Readonly<Record<Curriculum, About>> = {
  none: { label: label`$(circle-slash) No curriculum`, detail: 'Everything is in play from the start' },
  data: {
    label: label`$(list-ordered) Data`,
    detail: 'Rows that the model gets right about half of the time train the weights; hard ones go to the proposers',
  },
  freedom: {
    label: label`$(unfold) Freedom`,
    detail: 'First a few edits to the wording and a small adapter, then lines, then demonstrations and all of it',
  },
  both: { label: label`$(graph-line) Data and freedom`, detail: 'Both grow' },
};

const aboutPacings: Readonly<Record<Pacing, About>> = {
  linear: { label: label`$(arrow-up) Linear`, detail: 'Along the budget; all is in play after half of it' },
  root: { label: label`$(rocket) Root`, detail: 'Quickly at first; all is in play after half of the budget' },
  'self-paced': { label: label`$(pulse) Self-paced`, detail: 'By what the model can do by now, row by row and stage by stage' },
};
