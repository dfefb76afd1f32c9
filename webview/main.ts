/** @file The page's entry: listens to the extension, draws what it knows, and sends what the user asks for. */
import type { FromPage, ToPage } from '../src/extension/panelMessages.ts';
import { mountIn } from './dom.ts';
import './elements.ts';
import { hear, type Known } from './follow.ts';
import { page } from './page.ts';
import './panel.css';
import { announcement } from './standing.ts';
import type { Ui } from './views/parts.ts';

/** What the page keeps while it is hidden and when the window is reloaded. */
interface Remembered {
  readonly run?: string;
  /** Sections that the user opened or closed. */
  readonly open: Readonly<Record<string, boolean>>;
}

declare function acquireVsCodeApi(): {
  postMessage(message: FromPage): void;
  getState(): Remembered | undefined;
  setState(state: Remembered): void;
};

const host = acquireVsCodeApi();
const show = mountIn(document.getElementById('page')!);
const spoken = document.body.appendChild(document.createElement('div'));
spoken.className = 'unseen';
spoken.setAttribute('role', 'status');

let known: Known = {};
let remembered: Remembered = host.getState() ?? { open: {} };
/** What the user has asked for since the run was last opened. */
let asked = new Set<FromPage['type']>();
let drawing = false;

const remember = (change: Partial<Remembered>): void => {
  remembered = { ...remembered, ...change };
  host.setState(remembered);
};

const ui: Ui = {
  isOpen: (key, byDefault = false) => remembered.open[key] ?? byDefault,
  setOpen(key, open) {
    remember({ open: { ...remembered.open, [key]: open } });
    draw();
  },
  act(action) {
    if (action.type === 'stop' || action.type === 'resume' || action.type === 'decide') asked.add(action.type);
    host.postMessage(action);
    draw();
  },
  isAsked: (type) => asked.has(type),
};

/** Draws at most once per frame. */
function draw(): void {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    show(page(known, ui, performance.now()));
  });
}

window.addEventListener('message', ({ data }: MessageEvent<ToPage>) => {
  const before = known.shown;
  known = hear(known, data, performance.now());
  const { shown } = known;
  if (data.type === 'opened') {
    asked = new Set();
    remember({ run: data.run });
  }
  if (shown?.behind && !before?.behind) host.postMessage({ type: 'choose', run: shown.run });
  if (shown && before?.run === shown.run) {
    const text = announcement(before.state, shown.state);
    if (text !== undefined) spoken.textContent = text;
  }
  draw();
});

// Running time and remaining time also advance between two lines.
setInterval(() => known.shown?.live && draw(), 1000);

draw();
host.postMessage({ type: 'ready', run: remembered.run });
