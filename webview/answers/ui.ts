/** @file What the sections of the page of answers share: what is shown, and what a click asks for. */
import type { AnswersAction } from '../../src/extension/answersMessages.ts';
import type { Ui } from '../views/parts.ts';
import type { View } from './view.ts';

/** What the sections need of the page beside what they show. */
export interface AnswersUi extends Pick<Ui, 'isOpen' | 'setOpen'> {
  readonly view: View;
  /** Changes what is shown; other rows begin at the first page. */
  readonly show: (change: Partial<View>) => void;
  /** The same for a view that is left by a button: fields that were typed in are empty again. */
  readonly showAll: () => void;
  /** How often that was. */
  readonly cleared: number;
  /** Line of the row that has the focus, or had it last. */
  readonly focused?: number;
  readonly focus: (line: number) => void;
  readonly act: (action: AnswersAction) => void;
}
