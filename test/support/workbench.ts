/** @file What a person can do and see in a window of the workbench. Functions wait for what they need, not for what may come later. */
import type { FrameLocator, Locator, Page } from 'playwright-core';

/** A line of the active editor as it is drawn. */
export interface DrawnLine {
  readonly text: string;
  /** Text that decorations add and that is not in the file, e.g. at the end of the line. */
  readonly added: string;
}

export type Workbench = ReturnType<typeof workbench>;

export function workbench(page: Page) {
  return {
    /** Runs a command by its full title in the palette, e.g. 'Tandem: Show Version'. */
    command: (title: string) => command(page, title),
    /** The titles that the palette offers for these words. */
    commandsFor: (words: string) => commandsFor(page, words),
    /** Chooses a row of the open quick pick by what its label or the line below it contains. */
    pick: (label: string) => row(page, label).click(),
    /** The labels of the open quick pick. */
    picks: () => labels(page),
    /** Writes into the open quick pick or input box and confirms. */
    answer: (text: string) => answer(page, text),
    /** The lines of the active editor that are in sight, from the top. */
    lines: () => drawnLines(activeEditor(page)),
    /** The same on the left side of a diff. */
    linesBefore: () => drawnLines(activeEditors(page).first()),
    /** The text of each row of lenses in the active editor, e.g. 'Evaluate | Optimize'. */
    lenses: async () => (await fromTheTop(activeEditor(page).locator('.codelens-decoration'))).map(plain),
    /** The tooltips of the lenses in the active editor. */
    lensDetails: async () => (await titles(activeEditor(page).locator('.codelens-decoration [title]'))).map(plain),
    /** Presses one action of a lens: the topmost whose text contains this, or equals it. */
    pressLens: (action: string, exactly = false) => pressLens(page, action, exactly),
    /** Points at some text in the active editor and reads the hover. */
    hover: (text: string) => hover(page, text),
    /** The messages of the notifications in sight. */
    notifications: async () => (await page.locator('.notifications-toasts .notification-list-item-message').allInnerTexts()).map(plain),
    /** Presses a button of a notification. */
    pressNotification: (button: string) =>
      pressUntilGone(page.locator('.notifications-toasts .monaco-button', { hasText: button }).first()),
    /** Presses a button of the open modal dialog. */
    pressDialog: (button: string) => page.locator('.monaco-dialog-box .monaco-button', { hasText: button }).first().click(),
    /** What the items of the status bar say to a screen reader. */
    statusBar: () => spoken(page.locator('.part.statusbar .statusbar-item')),
    /** The visible rows of all tree views in the side bar, as a screen reader announces them. */
    treeRows: () => spoken(page.locator('.part.sidebar .monaco-list-row')),
    /** Presses the row of a tree view whose spoken text begins with this, or the action with this title that the row shows on hover. */
    pressRow: (text: string, action?: string) => pressRow(page, text, action),
    /** Chooses from the context menu of such a row. */
    pressRowMenu: (text: string, action: string) => pressRowMenu(page, text, action),
    /** The titles of the actions that such a row shows on hover. */
    rowActions: (text: string) => rowActions(page, text),
    /** The page inside a webview. If several are visible, `which` counts from 0. */
    webview: (which = 0): FrameLocator => page.frameLocator('iframe.webview.ready').nth(which).frameLocator('#active-frame'),
  };
}

/** In a diff, the left and the right side. */
const activeEditors = (page: Page): Locator => page.locator('.editor-group-container.active .monaco-editor[role="code"]');

const activeEditor = (page: Page): Locator => activeEditors(page).last();

async function pressLens(page: Page, action: string, exactly: boolean): Promise<void> {
  const text = exactly ? new RegExp(`^\\s*${action}\\s*$`) : action;
  const found = activeEditor(page).locator('.codelens-decoration a', { hasText: text }).filter({ visible: true });
  await found.first().waitFor();
  const tops = await Promise.all((await found.all()).map(async (one) => (await one.boundingBox())?.y ?? Infinity));
  await found.nth(tops.indexOf(Math.min(...tops))).click();
}

async function command(page: Page, title: string): Promise<void> {
  const wanted = row(page, new RegExp(`^${title.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`));
  // The palette does not notice commands that are registered while it is open.
  for (let tries = 0; tries < 20; tries++) {
    await openPalette(page, title);
    if (await isSeen(wanted)) break;
    await page.keyboard.press('Escape');
  }
  await wanted.click();
}

async function commandsFor(page: Page, words: string): Promise<string[]> {
  await openPalette(page, words);
  await page.locator('.quick-input-list .monaco-list-row').first().waitFor();
  const found = await labels(page);
  await page.keyboard.press('Escape');
  return found.filter((label) => label !== 'No matching commands');
}

async function openPalette(page: Page, words: string): Promise<void> {
  // While the workbench is starting, a key press may get lost.
  const input = page.locator('.quick-input-widget input.input');
  for (let tries = 0; tries < 20 && !(await input.isVisible()); tries++) {
    await page.keyboard.press('F1');
    await isSeen(input);
  }
  await input.fill(`>${words}`);
}

const row = (page: Page, label: string | RegExp): Locator =>
  page.locator('.quick-input-list .monaco-list-row', { has: page.locator('.label-name', { hasText: label }) }).first();

/** The label of each row, which is the first of its texts: the line below has the same class. */
const labels = async (page: Page): Promise<string[]> => {
  const found = await page
    .locator('.quick-input-list .monaco-list-row')
    .evaluateAll((rows) => (rows as unknown as Drawn[]).map((one) => [...one.querySelectorAll('.label-name')].at(0)?.innerText ?? ''));
  return found.map(plain);
};

async function answer(page: Page, text: string): Promise<void> {
  const input = page.locator('.quick-input-widget input.input');
  await input.waitFor();
  await input.fill(text);
  await input.press('Enter');
}

const treeRow = (page: Page, text: string): Locator => page.locator(`.part.sidebar .monaco-list-row[aria-label^="${text}"]`).first();

async function pressRow(page: Page, text: string, action?: string): Promise<void> {
  const found = treeRow(page, text);
  if (action === undefined) return found.click();
  await found.hover();
  await found.locator(`.action-label[aria-label^="${action}"]`).click();
}

async function pressRowMenu(page: Page, text: string, action: string): Promise<void> {
  await treeRow(page, text).click({ button: 'right' });
  await pressUntilGone(page.locator('.monaco-menu .action-label', { hasText: action }).first());
}

/** A menu or notification that has only just opened ignores clicks. */
async function pressUntilGone(button: Locator): Promise<void> {
  for (let tries = 0; tries < 5; tries++) {
    await button.click();
    if (await isHidden(button)) return;
  }
  throw new Error(`It stays, however often it is pressed: ${button.toString()}`);
}

async function rowActions(page: Page, text: string): Promise<string[]> {
  await treeRow(page, text).hover();
  const titles = await spoken(treeRow(page, text).locator('.action-label'));
  // A title has its keyboard shortcut after it.
  return titles.map((title) => title.replace(/ \((Ctrl|Cmd|⌘|⌃)[^)]*\)$/, ''));
}

async function hover(page: Page, text: string): Promise<string> {
  // One part for each source: the editor, extensions, diagnostics.
  const parts = page.locator('.monaco-hover:visible .hover-contents');
  // An extension that is still starting has no hover, and the editor does not ask again while the pointer rests.
  for (let tries = 0; tries < 20; tries++) {
    await page.mouse.move(0, 0);
    await isHidden(parts.first());
    await activeEditor(page).locator('.view-line span', { hasText: text }).last().hover();
    if (await isSeen(parts.first())) break;
  }
  await isHidden(parts.filter({ hasText: 'Loading...' }).first());
  return plain((await parts.allInnerTexts()).join('\n'));
}

/** Whether the element becomes visible within a few seconds. */
export const isSeen = (locator: Locator): Promise<boolean> => within(locator.waitFor({ timeout: 3000 }));

/** Whether the element disappears within a few seconds. */
const isHidden = (locator: Locator): Promise<boolean> => within(locator.waitFor({ state: 'hidden', timeout: 3000 }));

const within = (wait: Promise<void>): Promise<boolean> =>
  wait.then(
    () => true,
    () => false,
  );

/** The parts of an element that are used below. The project's types are those of Node, which has no DOM. */
interface Drawn {
  readonly innerText: string;
  getBoundingClientRect(): { readonly top: number };
  getAttribute(name: string): string | null;
  querySelectorAll(selector: string): Iterable<Drawn>;
  readonly ownerDocument: {
    readonly defaultView: { getComputedStyle(element: Drawn, pseudo: string): { readonly content: string } };
  };
}

/** The texts of elements from top to bottom, in whatever order they are in the page. */
const fromTheTop = (locator: Locator): Promise<string[]> =>
  locator.evaluateAll((elements) =>
    (elements as unknown as Drawn[])
      .map((element) => ({ top: element.getBoundingClientRect().top, text: element.innerText }))
      .sort((a, b) => a.top - b.top)
      .map(({ text }) => text),
  );

/** What a screen reader says for the elements. */
async function spoken(locator: Locator): Promise<string[]> {
  const found = await locator.evaluateAll((elements) => (elements as unknown as Drawn[]).map((one) => one.getAttribute('aria-label')));
  return found.flatMap((text) => (text ? [plain(text)] : []));
}

/** What elements say when the pointer rests on them. */
const titles = (locator: Locator): Promise<string[]> =>
  locator.evaluateAll((elements) => (elements as unknown as Drawn[]).flatMap((one) => one.getAttribute('title') ?? []));

async function drawnLines(editor: Locator): Promise<DrawnLine[]> {
  const lines = await editor.locator('.view-lines .view-line').evaluateAll((elements) => {
    // The text that decorations add is in the style sheet: `::after { content: "…" }`.
    const added = (element: Drawn): string =>
      ['::before', '::after']
        .map((pseudo) => element.ownerDocument.defaultView.getComputedStyle(element, pseudo).content)
        .filter((content) => content.startsWith('"'))
        .map((content) => content.slice(1, -1).replaceAll(/\\(.)/g, '$1'))
        .join('');
    return (elements as unknown as Drawn[])
      .map((line) => ({
        top: line.getBoundingClientRect().top,
        text: line.innerText,
        added: [...line.querySelectorAll('span')].map(added).join(''),
      }))
      .sort((a, b) => a.top - b.top);
  });
  return lines.map(({ text, added }) => ({ text: spaces(text), added: spaces(added).trim() }));
}

/** Replaces the non-breaking spaces with which lines are drawn. */
const spaces = (text: string): string => text.replaceAll('\u00a0', ' ');

const plain = (text: string): string => spaces(text).replaceAll(/\s+/g, ' ').trim();
