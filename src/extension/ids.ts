/** @file What the extension's contributions are called; the manifest is checked against these names. */

export const commandIds = {
  optimize: 'tandem.optimize',
  optimizePrompt: 'tandem.optimizePrompt',
  tuneWeights: 'tandem.tuneWeights',
  evaluate: 'tandem.evaluate',
  measureLines: 'tandem.measureLines',
  stop: 'tandem.stop',
  resume: 'tandem.resume',
  chooseModel: 'tandem.chooseModel',
  openReport: 'tandem.openReport',
  showPanel: 'tandem.showPanel',
  reviewChanges: 'tandem.reviewChanges',
  acceptAll: 'tandem.acceptAll',
  discard: 'tandem.discard',
  acceptChange: 'tandem.acceptChange',
  rejectChange: 'tandem.rejectChange',
  takeBackChange: 'tandem.takeBackChange',
  explainChange: 'tandem.explainChange',
} as const;
export type CommandId = (typeof commandIds)[keyof typeof commandIds];

export const settingIds = {
  headline: 'tandem.annotations.headline',
  lines: 'tandem.annotations.lines',
  overviewRuler: 'tandem.annotations.overviewRuler',
  onSave: 'tandem.measure.onSave',
  rows: 'tandem.measure.rows',
  budget: 'tandem.optimize.budget',
  schedule: 'tandem.optimize.schedule',
  strategy: 'tandem.optimize.strategy',
  executor: 'tandem.engine.executor',
  threads: 'tandem.engine.threads',
} as const;
export type SettingId = (typeof settingIds)[keyof typeof settingIds];

/** Set by contexts.ts, read by `when` clauses. */
export const contextKeys = {
  /** Some job waits or is worked on. */
  working: 'tandem.working',
  /** There is a run that was interrupted or failed. */
  resumable: 'tandem.resumable',
  /** There is a run with a report. */
  hasRuns: 'tandem.hasRuns',
  /** A run proposes changes of an open prompt that are not decided yet. */
  reviewable: 'tandem.reviewable',
} as const;
export type ContextKey = (typeof contextKeys)[keyof typeof contextKeys];

export const colorIds = {
  helps: 'tandem.lineHelps',
  hurts: 'tandem.lineHurts',
  unclear: 'tandem.lineUnclear',
  stale: 'tandem.lineStale',
} as const;

/** What a file is called that is a prompt file. */
export const promptPattern = '**/*.prompt.md';
