/**
 * @file How often the gate lets through what is no better: races of candidates without a true difference, judged on the rows that they raced on.
 * `npm run bench -- gate [--races 1000] [--rows 40,80,200] [--candidates 1,2,10] [--gain 0]`; no model takes part.
 */
import { parseArgs } from 'node:util';
import { wrongAcceptances } from '../src/optimize/nullRace.fixture.ts';

const { values: options } = parseArgs({
  options: {
    races: { type: 'string', default: '1000' },
    rows: { type: 'string', default: '40,80,200' },
    candidates: { type: 'string', default: '1,2,10' },
    /** A true gain, to see how often it is found. */
    gain: { type: 'string', default: '0' },
  },
});
const numbers = (text: string): number[] => text.split(',').map(Number);
const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;

console.log('| rows | candidates | accepted by the score | by the likelihood | in all |\n| --- | --- | --- | --- | --- |');
for (const rows of numbers(options.rows)) {
  for (const candidates of numbers(options.candidates)) {
    const { score, likelihood } = await wrongAcceptances({
      races: Number(options.races),
      rows,
      candidates,
      gain: Number(options.gain),
    });
    console.log(`| ${rows} | ${candidates} | ${percent(score)} | ${percent(likelihood)} | ${percent(score + likelihood)} |`);
  }
}
