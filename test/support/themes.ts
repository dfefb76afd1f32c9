/** @file The three kinds of theme in which every surface is viewed. */
import type { Page } from 'playwright-core';
import type { RunInHost } from './channel.ts';

export interface Theme {
  readonly name: string;
  /** The class that the workbench has with this theme. */
  readonly kind: string;
  /** The newest that this version of VS Code has is used. */
  readonly ids: readonly string[];
}

export const themes: readonly Theme[] = [
  { name: 'light', kind: 'vs', ids: ['Light 2026', 'Default Light Modern'] },
  { name: 'dark', kind: 'vs-dark', ids: ['Dark 2026', 'Default Dark Modern'] },
  { name: 'high-contrast', kind: 'hc-black', ids: ['Default High Contrast'] },
];

/** Sets the theme only for the window's workspace, and waits until it is drawn. */
export async function useTheme(page: Page, run: RunInHost, { kind, ids }: Theme): Promise<void> {
  await run(async (editor, wanted) => {
    const { contributes } = editor.extensions.getExtension('vscode.theme-defaults')!.packageJSON as {
      contributes: { themes: { id: string }[] };
    };
    const id = wanted.find((name) => contributes.themes.some((theme) => theme.id === name));
    await editor.workspace.getConfiguration('workbench').update('colorTheme', id, editor.ConfigurationTarget.Workspace);
  }, ids);
  await page.locator(`.monaco-workbench.${kind}`).waitFor();
  // Webviews learn of a new theme a little later.
  await page.waitForTimeout(300);
}
