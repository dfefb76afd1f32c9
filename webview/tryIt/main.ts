/** @file The page of Try It: listens to the extension, shows what is known, and sends what the user asks for. */
import type { Beside, TryItFromPage, TryItToPage } from '../../src/extension/tryItMessages.ts';
import { mountIn } from '../dom.ts';
import '../elements.ts';
import { hear, tryItPage, type Known, type TryItUi } from './page.ts';
import './tryIt.css';

/** What the page remembers while it is hidden, and over a reload of the window. */
interface Remembered {
  readonly prompt?: string;
  readonly values: Readonly<Record<string, string>>;
  readonly beside?: Beside;
}

declare function acquireVsCodeApi(): {
  postMessage(message: TryItFromPage): void;
  getState(): Remembered | undefined;
  setState(state: Remembered): void;
};

const host = acquireVsCodeApi();
const show = mountIn(document.getElementById('page')!);

let known: Known = {};
let remembered: Remembered = host.getState() ?? { values: {} };
let filled = 0;
let drawing = false;

const remember = (change: Partial<Remembered>): void => {
  remembered = { ...remembered, ...change };
  host.setState(remembered);
  draw();
};

const ui = (): TryItUi => ({
  values: remembered.values,
  filled,
  ...(remembered.beside && { beside: remembered.beside }),
  type: (column, value) => remember({ values: { ...remembered.values, [column]: value } }),
  compare: (beside) => remember({ beside }),
  act: (message) => host.postMessage(message),
});

/** Once a frame at most, however much is written. */
function draw(): void {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    show(tryItPage(known, ui()));
  });
}

window.addEventListener('message', ({ data }: MessageEvent<TryItToPage>) => {
  known = hear(known, data);
  if (data.type === 'row') {
    filled++;
    remember({ values: { ...remembered.values, ...data.values } });
  }
  if (data.prompt !== remembered.prompt) remember({ prompt: data.prompt });
  draw();
});

draw();
host.postMessage({ type: 'ready', ...(remembered.prompt !== undefined && { prompt: remembered.prompt }) });
