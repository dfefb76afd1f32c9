/** @file Quick fixes for what is wrong with a prompt file or a program. */
import * as vscode from 'vscode';
import { patternOf } from '../../prompt/kinds/table.ts';
import type { Problem } from '../../prompt/promptFile.ts';
import { quickFixes } from '../core/fixes.ts';
import { dataFilesNear } from '../dataFiles.ts';
import { rangeIn } from '../edit.ts';
import { commandIds } from '../ids.ts';
import { quickFix } from '../surfaces/inPlace.ts';

/** @param problemsOf what was found wrong with the document as it reads now */
export function registerQuickFixes(problemsOf: (document: vscode.TextDocument) => readonly Problem[]): vscode.Disposable {
  const provider: vscode.CodeActionProvider = {
    async provideCodeActions(document, range, context) {
      const mendable = problemsOf(document).filter((problem) => problem.fix && rangeIn(document, problem.range).intersection(range));
      const dataFiles = mendable.some(({ fix }) => fix?.instead === 'data-file') ? await dataFilesNear(document.uri) : [];
      return mendable.flatMap((problem) => {
        const place = rangeIn(document, problem.range);
        const diagnostics = context.diagnostics.filter((each) => each.source === 'Tandem' && each.range.isEqual(place));
        const { model } = problem.fix!;
        const changes = quickFixes(problem.fix!, document.getText(rangeIn(document, problem.fix!.range)), dataFiles).map((fix) => {
          const action = quickFix(fix.title);
          action.edit = new vscode.WorkspaceEdit();
          action.edit.replace(document.uri, rangeIn(document, fix.range), fix.text);
          return action;
        });
        return [...(model === undefined ? [] : [addModel(model)]), ...changes].map((action, rank) =>
          Object.assign(action, { diagnostics, isPreferred: rank === 0 }),
        );
      });
    },
  };
  return vscode.languages.registerCodeActionsProvider({ scheme: 'file', pattern: patternOf() }, provider, {
    providedCodeActionKinds: [vscode.CodeActionKind.QuickFix],
  });
}

function addModel(model: string): vscode.CodeAction {
  const action = quickFix(`Add Model ${model}…`);
  action.command = { title: '', command: commandIds.addModel, arguments: [model] };
  return action;
}
