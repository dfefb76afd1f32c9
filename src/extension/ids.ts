/** @file What the extension's contributions are called; the manifest is checked against these names. */

export const commandIds = {
  optimize: 'tandem.optimize',
  optimizeWith: 'tandem.optimizeWith',
  optimizePrompt: 'tandem.optimizePrompt',
  tuneWeights: 'tandem.tuneWeights',
  preflight: 'tandem.preflight',
  /** Its former id, for key bindings and calls; the palette does not offer it. */
  headroom: 'tandem.headroom',
  evaluate: 'tandem.evaluate',
  measureLines: 'tandem.measureLines',
  showAnswers: 'tandem.showAnswers',
  tryIt: 'tandem.tryIt',
  previewPrompt: 'tandem.previewPrompt',
  previewNextRow: 'tandem.previewNextRow',
  previewPreviousRow: 'tandem.previewPreviousRow',
  stop: 'tandem.stop',
  resume: 'tandem.resume',
  compareRuns: 'tandem.compareRuns',
  newPrompt: 'tandem.newPrompt',
  exportAdapter: 'tandem.exportAdapter',
  chooseModel: 'tandem.chooseModel',
  openReport: 'tandem.openReport',
  cleanRuns: 'tandem.cleanRuns',
  showPanel: 'tandem.showPanel',
  reviewChanges: 'tandem.reviewChanges',
  addModel: 'tandem.addModel',
  removeModel: 'tandem.removeModel',
  openSample: 'tandem.openSample',
  openWalkthrough: 'tandem.openWalkthrough',
  whatsNew: 'tandem.whatsNew',
  acceptAll: 'tandem.acceptAll',
  discard: 'tandem.discard',
  acceptChange: 'tandem.acceptChange',
  rejectChange: 'tandem.rejectChange',
  takeBackChange: 'tandem.takeBackChange',
  nextChange: 'tandem.nextChange',
  previousChange: 'tandem.previousChange',
  explainChange: 'tandem.explainChange',
} as const;
export type CommandId = (typeof commandIds)[keyof typeof commandIds];

export const settingIds = {
  headline: 'tandem.annotations.headline',
  lines: 'tandem.annotations.lines',
  overviewRuler: 'tandem.annotations.overviewRuler',
  ownLanguage: 'tandem.editor.ownLanguage',
  onSave: 'tandem.measure.onSave',
  rows: 'tandem.measure.rows',
  skipBadRows: 'tandem.data.skipBadRows',
  allowModules: 'tandem.metrics.allowModules',
  preflight: 'tandem.optimize.preflight',
  /** Its former name, read while the new one is not set. */
  headroom: 'tandem.optimize.headroom',
  budget: 'tandem.optimize.budget',
  controls: 'tandem.optimize.controls',
  adapters: 'tandem.optimize.adapters',
  schedule: 'tandem.optimize.schedule',
  strategy: 'tandem.optimize.strategy',
  coordinator: 'tandem.optimize.coordinator',
  curriculum: 'tandem.optimize.curriculum',
  pacing: 'tandem.optimize.pacing',
  warmStart: 'tandem.optimize.warmStart',
  writer: 'tandem.writer',
  writerModel: 'tandem.writerModel',
  writerBudget: 'tandem.writerBudget',
  keepRuns: 'tandem.runs.keep',
  executor: 'tandem.engine.executor',
  threads: 'tandem.engine.threads',
  weights: 'tandem.engine.weights',
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
  /** Some prompt of the workspace has data; it was measured; a run has ended; an open prompt has what its last run proposed. */
  hasPrompts: 'tandem.hasPrompts',
  hasResults: 'tandem.hasResults',
  hasEndedRuns: 'tandem.hasEndedRuns',
  hasAccepted: 'tandem.hasAccepted',
  /** A run proposes changes of an open prompt that are not decided yet. */
  reviewable: 'tandem.reviewable',
  /** A diff of a review has the focus. */
  reviewing: 'tandem.reviewing',
} as const;
export type ContextKey = (typeof contextKeys)[keyof typeof contextKeys];

export const viewIds = {
  prompts: 'tandem.prompts',
  runs: 'tandem.runs',
  models: 'tandem.models',
} as const;
export type ViewId = (typeof viewIds)[keyof typeof viewIds];

/** The language of prompt files that have settings: Markdown with variables. */
export const ownLanguage = 'tandem-prompt';

/** The language of a program as it is proposed: YAML, but its diff has lenses, which are not to be put into every YAML file's. */
export const proposedProgramLanguage = 'tandem-program';

/** The type of Tandem's tasks, as tasks.json names it. */
export const taskType = 'tandem';

/** Offers the MCP server to the editor's agents. */
export const mcpProviderId = 'tandem.mcp';

/** The vendor of the models that prompt files are in the editor's chat. */
export const chatVendor = 'tandem';

/** Finds a place in a file, or a file, in what the command line says to be wrong. */
export const problemMatchers = ['$tandem', '$tandem-file'] as const;

export const walkthroughId = 'tandem.start';

/** The environment variable that is `off` where the walkthrough must not open by itself, as in tests. */
export const quietVariable = 'TANDEM_WALKTHROUGH';

/** Its steps, each done when this is so. */
export const walkthroughSteps = {
  open: contextKeys.hasPrompts,
  evaluate: contextKeys.hasResults,
  optimize: contextKeys.hasEndedRuns,
  review: contextKeys.hasAccepted,
} as const;

export const colorIds = {
  helps: 'tandem.lineHelps',
  hurts: 'tandem.lineHurts',
  unclear: 'tandem.lineUnclear',
  stale: 'tandem.lineStale',
} as const;

/** The entry of the performance timeline that says how long the activation took; its `detail.cpu`, the processor time in milliseconds. */
export const activationMeasure = 'tandem.activate';
