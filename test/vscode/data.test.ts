/** @file What the editor says about data that cannot all be used, and about additional metrics. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeTinyTask } from '../support/tinyTask.ts';
import { expect, test } from './fixtures.ts';

const badLine = 4;

function prepare(workspace: string): void {
  writeTinyTask(workspace);
  const change = (file: string, by: (text: string) => string): void =>
    writeFileSync(join(workspace, file), by(readFileSync(join(workspace, file), 'utf8')));
  change('rows.jsonl', (text) =>
    text
      .split('\n')
      .toSpliced(badLine - 1, 0, 'not a row')
      .join('\n'),
  );
  change('kind.prompt.md', (text) => text.replace('labels: from-data', 'labels: from-data\n  metric: [accuracy, macro-f1]'));
  mkdirSync(join(workspace, '.vscode'));
  writeFileSync(join(workspace, '.vscode', 'settings.json'), JSON.stringify({ 'tandem.optimize.budget': '60k' }));
}

test('a bad row ends a measurement with its place, or is skipped with a notice; the panel shows every metric', async ({ openEditor }) => {
  const editor = await openEditor({ prepare });
  await editor.open('kind.prompt.md');
  await editor.pressLens('Evaluate');
  await expect
    .poll(editor.notifications)
    .toContainEqual(
      expect.stringMatching(
        /^Evaluating kind\.prompt\.md failed\. rows\.jsonl:4: Not valid JSON: .*at: not a row\. Write one JSON object per line/,
      ),
    );
  await editor.screenshot('bad-row');
  await editor.pressNotification('Go to File');
  const place = (): Promise<string> =>
    editor.run((vscode) => {
      const { document, selection } = vscode.window.activeTextEditor!;
      return `${vscode.workspace.asRelativePath(document.uri)}:${selection.active.line + 1}`;
    });
  await expect.poll(place).toBe(`rows.jsonl:${badLine}`);

  await editor.run((vscode) =>
    vscode.workspace.getConfiguration('tandem').update('data.skipBadRows', true, vscode.ConfigurationTarget.Workspace),
  );
  await editor.open('kind.prompt.md');
  await editor.pressLens('Evaluate');
  await expect.poll(editor.lenses).toContainEqual(expect.stringMatching(/^\d+% ±\d+ \|/));
  const leftOut = /Skipped 1 bad row: rows\.jsonl:4: Not valid JSON/;
  await expect.poll(editor.notifications).toContainEqual(expect.stringMatching(new RegExp(`^kind\\.prompt\\.md: ${leftOut.source}`)));
  await editor.screenshot('bad-row-left-out');
  // The notice is not repeated.
  await editor.command('Notifications: Clear All Notifications');
  await editor.command('Tandem: Measure Lines');
  await expect.poll(async () => (await editor.lines()).find(({ text }) => text === 'Say what it is.')?.added).toMatch(/pts|saves|0\.0/);
  expect((await editor.notifications()).filter((message) => leftOut.test(message))).toEqual([]);

  await editor.command('Tandem: Optimize Prompt and Weights');
  const panel = editor.webview();
  await panel.locator('.notice', { hasText: leftOut }).waitFor();
  await panel.getByRole('rowheader', { name: 'Total, macro-f1' }).waitFor();
  await editor.command('Notifications: Clear All Notifications');
  await editor.screenshot('panel-notice');
  await panel.getByRole('rowheader', { name: 'Total, macro-f1' }).scrollIntoViewIfNeeded();
  await editor.screenshot('panel-reported');
});
