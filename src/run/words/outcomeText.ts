/** @file What a run found, as lines of text, for the command line and for a client of the MCP server. */
import { proposalsOf } from '../accept.ts';
import { portable, type RunDirectory } from '../record/runDirectory.ts';
import type { RunState } from '../record/state.ts';
import { points, priceText, sureness } from './format.ts';
import { changesOf } from './reportFile.ts';
import { textStayedText } from './triedText.ts';
import { cutLines, headline, writerText } from './words.ts';

/** The headline, and the numbers behind it. @throws TandemError those of proposalsOf */
export function outcomeLines(directory: RunDirectory, state: RunState): string[] {
  const { attribution, price, controls } = state;
  const [{ file }] = proposalsOf(directory, state);
  const lines = [`${portable(directory.workspace, file)}: ${headline(state)}`];
  if (attribution) {
    const { total, promptAlone, weightsAlone, interaction } = attribution;
    lines.push(`  total ${points(total)}, P(better) ${sureness(total)}`);
    lines.push(`  prompt alone ${points(promptAlone)}; weights alone ${points(weightsAlone)}; beyond their sum ${points(interaction)}`);
  }
  if (price) lines.push(`  price per answer ${priceText(price)}`);
  for (const { control, measured } of controls) {
    if (measured) lines.push(`  against ${control} ${points(measured.difference)}, P(better) ${sureness(measured.difference)}`);
  }
  const asides = [textStayedText(state), writerText(state), ...cutLines(state)];
  return [...lines, ...asides.flatMap((line) => (line === undefined ? [] : [`  ${line}`]))];
}

/** Why each change was made, and what was measured for it. */
export const changeLines = (directory: RunDirectory, state: RunState): string[] =>
  changesOf(directory, state).flatMap(({ name, reason, lines }) => [
    `${name.charAt(0).toUpperCase()}${name.slice(1)}${reason === undefined ? '' : `: ${reason}`}`,
    ...lines.map((line) => `  ${line}`),
  ]);
