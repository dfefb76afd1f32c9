/** @file The editor's colours for what is drawn on a canvas, and when they change. */
import type { PhaseTarget } from '../src/optimize/events.ts';

export const targetColour: Readonly<Record<PhaseTarget, string>> = {
  weights: '--vscode-charts-orange',
  prompt: '--vscode-charts-blue',
  both: '--vscode-charts-purple',
};

/** The value of a theme's variable; that of the text where the theme has none. */
export function colour(variable: string): string {
  const style = getComputedStyle(document.documentElement);
  return style.getPropertyValue(variable).trim() || style.getPropertyValue('--vscode-foreground').trim() || 'CanvasText';
}

export const faded = (variable: string, percent: number): string => `color-mix(in srgb, ${colour(variable)} ${percent}%, transparent)`;

/** Calls when the editor changed its theme; returns how to listen no more. */
export function onThemeChange(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style'] });
  observer.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
  return () => observer.disconnect();
}
