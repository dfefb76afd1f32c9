/** @file The page of the answers: listens to the extension, shows what is known, and sends what the user asks for. */
import type { AnswersFromPage, AnswersToPage } from '../../src/extension/answersMessages.ts';
import { mountIn } from '../dom.ts';
import '../elements.ts';
import './answers.css';
import { answersPage, hear, type Known } from './page.ts';
import type { AnswersUi } from './ui.ts';
import { wholeView, type View } from './view.ts';

/** What the page remembers while it is hidden, and over a reload of the window. */
interface Remembered {
  readonly prompt?: string;
  readonly view: View;
  readonly open: Readonly<Record<string, boolean>>;
}

declare function acquireVsCodeApi(): {
  postMessage(message: AnswersFromPage): void;
  getState(): Remembered | undefined;
  setState(state: Remembered): void;
};

const host = acquireVsCodeApi();
const show = mountIn(document.getElementById('page')!);

let known: Known | undefined;
let remembered: Remembered = host.getState() ?? { view: wholeView, open: {} };
let cleared = 0;
let focused: number | undefined;
let drawing = false;

const remember = (change: Partial<Remembered>): void => {
  remembered = { ...remembered, ...change };
  host.setState(remembered);
  draw();
};

const ui = (): AnswersUi => ({
  view: remembered.view,
  cleared,
  ...(focused !== undefined && { focused }),
  isOpen: (key, byDefault = false) => remembered.open[key] ?? byDefault,
  setOpen: (key, open) => remember({ open: { ...remembered.open, [key]: open } }),
  show: (change) => remember({ view: { ...remembered.view, page: 0, ...change } }),
  showAll() {
    cleared++;
    remember({ view: { ...wholeView, sort: remembered.view.sort } });
  },
  focus(line) {
    focused = line;
    draw();
  },
  act: (action) => host.postMessage(action),
});

/** Once a frame at most. */
function draw(): void {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    show(answersPage(known, ui(), Date.now()));
  });
}

window.addEventListener('message', ({ data }: MessageEvent<AnswersToPage>) => {
  known = hear(known, data);
  const { prompt, view } = remembered;
  // What was chosen among the answers to one prompt means nothing for another.
  if (data.type === 'answers') remember({ prompt: data.prompt, view: prompt === data.prompt ? view : wholeView });
  draw();
});

// Ages are shown in minutes.
setInterval(draw, 60_000);

draw();
host.postMessage({ type: 'ready', ...(remembered.prompt !== undefined && { prompt: remembered.prompt }) });
