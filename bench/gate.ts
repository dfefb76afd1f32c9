/**
 * @file How often the gate accepts candidates that are not better: trials without a true difference, judged on the rows that selected them.
 * Also how often it accepts a cheaper state whose true cost is known. No model takes part.
 * `npm run bench -- gate [--trials 1000] [--rows 40,80,200] [--candidates 1,2,10] [--gain 0] [--lost 0,1,3] [--tokens 100,300] [--only better|cheaper]`
 */
import { parseArgs } from 'node:util';
import { cheaperAccepted } from '../src/optimize/cheaperTrials.fixture.ts';
import { wrongAcceptances } from '../src/optimize/nullTrials.fixture.ts';

const { values: options } = parseArgs({
  options: {
    trials: { type: 'string', default: '1000' },
    rows: { type: 'string', default: '40,80,200' },
    candidates: { type: 'string', default: '1,2,10' },
    /** A true gain, to measure how often it is found. */
    gain: { type: 'string', default: '0' },
    /** The points that a deletion truly costs, and the tokens that it saves. */
    lost: { type: 'string', default: '0,1,3' },
    tokens: { type: 'string', default: '100,300' },
    /** Only one of the two questions. */
    only: { type: 'string' },
  },
});
const numbers = (text: string): number[] => text.split(',').map(Number);
const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;

if (options.only !== 'cheaper') await better();
if (options.only !== 'better') cheaper();

async function better(): Promise<void> {
  console.log('| rows | candidates | accepted by the score | by the likelihood | in all |\n| --- | --- | --- | --- | --- |');
  for (const rows of numbers(options.rows)) {
    for (const candidates of numbers(options.candidates)) {
      const { score, likelihood } = await wrongAcceptances({
        trials: Number(options.trials),
        rows,
        candidates,
        gain: Number(options.gain),
      });
      console.log(`| ${rows} | ${candidates} | ${percent(score)} | ${percent(likelihood)} | ${percent(score + likelihood)} |`);
    }
  }
}

function cheaper(): void {
  console.log('\n| rows | tokens saved | truly lost | accepted |\n| --- | --- | --- | --- |');
  for (const rows of numbers(options.rows)) {
    for (const tokens of numbers(options.tokens)) {
      for (const lost of numbers(options.lost)) {
        const accepted = cheaperAccepted({ trials: Number(options.trials), rows, lost: lost / 100, tokens });
        console.log(`| ${rows} | ${tokens} | ${lost} points | ${percent(accepted)} |`);
      }
    }
  }
}
