/** @file What is asked before a run that goes another way than the settings say: one question a step, the answer that is set first. */
import { adapterChoices, type AdapterChoice } from '../../model/stepAdapters.ts';
import { curricula, type Curriculum } from '../../optimize/curriculum.ts';
import { coordinators, type CoordinatorName } from '../../run/spec.ts';

/** What a run is asked beside the settings. */
export interface Way {
  readonly coordinator: CoordinatorName;
  readonly curriculum: Curriculum;
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
  readonly label: string;
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
  return [
    {
      key: 'coordinator',
      placeHolder: 'The way of optimizing prompt and weights together',
      choices: (isProgram ? (['coordinate'] as const) : setFirst(coordinators, set.coordinator)).map((value) => ({
        ...aboutCoordinators[value],
        ...(value === set.coordinator && asSet),
        value,
      })),
    },
    ...(coordinator === 'alternating'
      ? [
          {
            key: 'curriculum' as const,
            placeHolder: 'The curriculum: what grows in the course of the run',
            choices: setFirst(curricula, set.curriculum).map((value) => ({
              ...aboutCurricula[value],
              ...(value === set.curriculum && asSet),
              value,
            })),
          },
        ]
      : []),
    ...(isProgram
      ? [
          {
            key: 'adapters' as const,
            placeHolder: 'The adapters of the steps',
            choices: setFirst(adapterChoices, set.adapters).map((value) => ({
              ...aboutAdapters[value],
              ...(value === set.adapters && asSet),
              value,
            })),
          },
        ]
      : []),
    ...(starts.length > 0 && !isProgram
      ? [{ key: 'warmStart' as const, placeHolder: 'Where new adapters begin', choices: startChoices(facts) }]
      : []),
  ];
}

const asSet = { description: 'as set' };

function startChoices({ set, starts }: WayFacts): WayChoice[] {
  const choices = [
    ...starts.map(({ folder, name, tasks }, place) => ({
      label: `$(flame) ${name}`,
      detail: `Learned from ${tasks === 1 ? 'one task' : `${tasks} tasks`}; a short probe says whether it helps, and else it is left out`,
      value: place === 0 ? 'auto' : folder,
    })),
    { label: '$(circle-slash) None', detail: 'New adapters begin from nothing', value: 'none' },
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
  readonly label: string;
  readonly detail: string;
}

const aboutCoordinators: Readonly<Record<CoordinatorName, About>> = {
  alternating: { label: '$(arrow-swap) Alternating', detail: 'By turns: prompts are proposed and raced, then the weights are trained' },
  coordinate: {
    label: '$(layers) Coordinate descent',
    detail: 'One block at a time: decoding, the adapter, the instruction or the demonstrations, whichever gains most',
  },
  simultaneous: {
    label: '$(combine) Simultaneous',
    detail: 'At once: one backward pass moves a soft prompt and the weights; then it is read back as text',
  },
};

const aboutAdapters: Readonly<Record<AdapterChoice, About>> = {
  shared: { label: '$(link) One that all steps share', detail: 'It learns the answers of all steps' },
  'per-step': { label: '$(list-tree) One for each step', detail: 'Each learns its own answers alone' },
};

const aboutCurricula: Readonly<Record<Curriculum, About>> = {
  none: { label: '$(circle-slash) No curriculum', detail: 'Everything is in play from the start' },
  data: {
    label: '$(list-ordered) Data',
    detail: 'Rows that the model gets right about half of the time train the weights; hard ones go to the proposers',
  },
  freedom: {
    label: '$(unfold) Freedom',
    detail: 'First a few edits to the wording and a small adapter, then lines, then demonstrations and all of it',
  },
  both: { label: '$(graph-line) Data and freedom', detail: 'Both grow' },
};
