/** @file Replaces one text with another in the active editor, as a user would, and leaves the cursor after it. */
import type { Editor } from './editor.ts';

export const rewrite = (editor: Editor, from: string, to: string): Promise<void> =>
  editor.run(
    async (vscode, old, by) => {
      const shown = vscode.window.activeTextEditor!;
      const at = shown.document.positionAt(shown.document.getText().indexOf(old));
      await shown.edit((edit) => edit.replace(new vscode.Range(at, at.translate(0, old.length)), by));
      const end = at.translate(0, by.length);
      shown.selection = new vscode.Selection(end, end);
    },
    from,
    to,
  );
