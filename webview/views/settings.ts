/** @file What the run was asked to do, and with which data and model. */
import { coordinatorText, count, duration, loraText, worthText } from '../../src/run/words/format.ts';
import { warmStartText } from '../../src/run/words/words.ts';
import type { RunState } from '../../src/run/record/state.ts';
import { h, type VNode } from '../dom.ts';
import { fold, type Ui } from './parts.ts';
import { shortFingerprint } from '../../src/run/words/shortFingerprint.ts';

export function settings({ config, budget, tokensPerSecond, warmStart, warmSoft }: RunState, ui: Ui): VNode | undefined {
  if (!config) return undefined;
  const { run, data, splits, model, metric, seed, curriculum, adapters, lora, worth, executor, threads, versions, startedAt } = config;
  const spent = budget === undefined ? '' : `${count(budget)} tokens at ${count(tokensPerSecond ?? 0)} per second`;
  const asked =
    'seconds' in config.budget ? [duration(config.budget.seconds * 1000), spent] : [spent || `${count(config.budget.tokens)} tokens`];
  const facts: (readonly [string, string])[] = [
    ['Run', run],
    ['Model', `${model.name} (${shortFingerprint(model.fingerprint, 12)})`],
    ['Data', data.join(', ')],
    ['Rows', `${splits.train} training, ${splits.val} validation, ${splits.test} test`],
    ['Metric', metric],
    ['Coordinator', coordinatorText(config)],
    ...(warmStart ? ([['Warm start', warmStartText(warmStart)]] as const) : []),
    ...(warmSoft ? ([['Soft prompt', warmStartText(warmSoft)]] as const) : []),
    ...(curriculum ? ([['Curriculum', `${curriculum.of}, pacing ${curriculum.pacing}`]] as const) : []),
    ...(adapters ? ([['Adapters', 'one per step']] as const) : []),
    ...(lora ? ([['LoRA', loraText(lora)]] as const) : []),
    ...(worth ? ([['Price', worthText(worth)]] as const) : []),
    ['Budget', asked.filter((part) => part !== '').join(', or ')],
    ['Seed', String(seed)],
    ['Engine', `${executor}, ${threads === 1 ? '1 thread' : `${threads} threads`}`],
    ['Versions', `Tandem ${versions.tandem}, Node ${versions.node}, ${versions.platform}`],
    ['Started', new Date(startedAt).toLocaleString()],
  ];
  return h(
    'section',
    { key: 'settings', 'aria-label': 'Settings' },
    fold(ui, 'settings', 'h2', 'Settings', () => [
      h(
        'dl',
        { class: 'settings' },
        facts.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
      ),
    ]),
  );
}
