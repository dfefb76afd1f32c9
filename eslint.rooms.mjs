/** @file The import order of the rooms, as ESLint rules made from one table. */

/** Bottom to top: a room may import itself and the rooms before it, never those after it. */
export const rooms = ['tensor', 'model', 'prompt', 'data', 'evaluate', 'optimize', 'run', 'mcp', 'cli', 'extension'];

/** Files of src/ itself that every room may import, and that import no room. */
export const shared = ['childProcess', 'errors', 'files', 'json', 'plain', 'pulse', 'random', 'shape', 'temporary', 'timeLimit'];

const onlyGlue = { regex: '^vscode$', message: "Only extension/ imports 'vscode'." };
const notInCore = { regex: '^vscode$', message: 'extension/core/ is what works without the editor.' };
const onlyPage = { regex: '^(\\.{1,2}/)+webview/', message: 'The page imports from src/, and is not imported there.' };
const onlyOnce = { regex: '^@vscode-elements/', message: "Only webview/elements.ts imports '@vscode-elements'." };
const wholeEditor = {
  selector: "ImportDeclaration[source.value='vscode'] > ImportSpecifier",
  message: 'Import `* as vscode`: the rules on what is shown look for its members.',
};
const onlyOutside = { regex: '^\\.{1,2}/(.*/)?api\\.ts$', message: 'src/api.ts is for other programs; import from where the thing is.' };

const inSurfaces = 'src/extension/surfaces';

/** Where text of others could act as markup. Each way to show it is used in one file, which takes text as text. */
const shown = [
  { of: 'process', names: ['stdout', 'stderr'], by: 'src/cli/terminal.ts' },
  {
    names: [
      ...['showErrorMessage', 'showWarningMessage', 'showInformationMessage', 'withProgress'],
      ...['setStatusBarMessage', 'createStatusBarItem'],
    ],
    by: `${inSurfaces}/notifications.ts`,
  },
  { names: ['showQuickPick', 'createQuickPick', 'showInputBox', 'createInputBox'], by: `${inSurfaces}/picks.ts` },
  {
    names: [
      ...['MarkdownString', 'appendMarkdown', 'supportHtml', 'supportThemeIcons', 'CodeLens', 'CodeAction', 'Diagnostic'],
      ...['TreeItem', 'TestMessage', 'createTestItem', 'appendOutput'],
    ],
    by: `${inSurfaces}/inPlace.ts`,
  },
  { names: ['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'createContextualFragment', 'srcdoc'], by: 'webview/dom.ts, as text' },
];

/**
 * @param {string} [file] the one that may use what it is named for
 * @returns {import('eslint').Linter.RulesRecord}
 */
const restricted = (file) => ({
  'no-restricted-properties': [
    'error',
    ...shown
      .filter(({ by }) => by !== file)
      .flatMap(({ of: object, names, by }) =>
        names.map((property) => ({ ...(object && { object }), property, message: `Show it by ${by}.` })),
      ),
  ],
});

/** @type {import('eslint').Linter.Config[]} */
export const shownRules = [
  {
    files: ['src/**', 'webview/**'],
    ignores: ['**/*.fixture.ts', 'webview/test/**'],
    rules: { ...restricted(), 'no-console': 'error' },
  },
  ...shown.map(({ by }) => ({ files: [by], rules: restricted(by) })),
];

/** @type {import('eslint').Linter.Config[]} */
export const roomRules = [
  { files: ['src/*.ts'], rules: forbid(rooms, 'Files of src/ itself import no room.', [onlyGlue, onlyOutside, onlyPage]) },
  {
    files: ['src/api.ts'],
    rules: forbid(rooms.slice(rooms.indexOf('run') + 1), 'The API stands beside mcp/, cli/ and extension/, on run/ and what is below.', [
      onlyGlue,
      onlyPage,
    ]),
  },
  ...rooms.map((room, place) => ({
    files: [`src/${room}/**`],
    rules: forbid(
      rooms.slice(place + 1),
      `${room}/ stands below that room; imports go down only: ${rooms.join(' < ')}.`,
      room === 'extension' ? [onlyOutside, onlyPage] : [onlyGlue, onlyOutside, onlyPage],
    ),
  })),
  { files: ['src/extension/core/**'], rules: forbid([], '', [notInCore, onlyOutside, onlyPage]) },
  { files: ['webview/**'], rules: forbid([], '', [onlyGlue, onlyOutside, onlyOnce]) },
  { files: ['webview/elements.ts'], rules: forbid([], '', [onlyGlue, onlyOutside]) },
  // Some of the tests of the editor run in its extension host.
  { files: ['bench/**', 'models/**', 'test/**'], ignores: ['test/vscode/**', 'test/support/**'], rules: forbid([], '', [onlyGlue]) },
];

/**
 * @param {string[]} above
 * @param {string} message
 * @param {{ regex: string, message: string }[]} others
 * @returns {import('eslint').Linter.RulesRecord}
 */
function forbid(above, message, others) {
  const patterns = [...others, ...(above.length > 0 ? [{ regex: `^\\.{1,2}/(.*/)?(${above.join('|')})/`, message }] : [])];
  const dynamic = patterns.map(({ regex, message }) => ({
    selector: `:matches(ImportExpression > Literal.source, TSImportType Literal)[value=/${regex.replaceAll('/', '\\u002F')}/]`,
    message,
  }));
  return {
    'no-restricted-imports': ['error', { patterns }],
    'no-restricted-syntax': ['error', ...dynamic, wholeEditor],
  };
}
