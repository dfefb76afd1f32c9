/** @file The editor's colours for drawing on a canvas, and a notice when they change. */
import type { PhaseTarget } from '../src/optimize/events.ts';

export const targetColour: Readonly<Record<PhaseTarget, string>> = {
  weights: '--vscode-charts-orange',
  prompt: '--vscode-charts-blue',
  both: '--vscode-charts-purple',
};

/** The value of a theme's variable, or the text colour if the theme does not define it. */
export function colour(variable: string): string {
  const style = getComputedStyle(document.documentElement);
  return style.getPropertyValue(variable).trim() || style.getPropertyValue('--vscode-foreground').trim() || 'CanvasText';
}

export const faded = (variable: string, percent: number): string => `color-mix(in srgb, ${colour(variable)} ${percent}%, transparent)`;

/** Calls `changed` when the editor changes its theme. @returns a function that stops listening */
export function onThemeChange(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style'] });
  observer.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
  return () => observer.disconnect();
}
