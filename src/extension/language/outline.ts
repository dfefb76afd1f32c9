/** @file Folding and the outline in our own language. In its languages for Markdown and prompts, VS Code has both. */
import * as vscode from 'vscode';
import { allSections, outlineOf, type Section } from '../core/outline.ts';
import { ownLanguage } from '../ids.ts';
import { documentSymbol } from '../surfaces/inPlace.ts';

export function registerOutline(): vscode.Disposable {
  const selector: vscode.DocumentSelector = { language: ownLanguage };
  return vscode.Disposable.from(
    vscode.languages.registerFoldingRangeProvider(selector, {
      provideFoldingRanges: (document) =>
        allSections(outlineOf(document.getText()))
          .filter(({ from, to }) => to > from)
          .map(({ from, to }) => new vscode.FoldingRange(from, to)),
    }),
    vscode.languages.registerDocumentSymbolProvider(selector, {
      provideDocumentSymbols: (document) => outlineOf(document.getText()).map((section) => symbolOf(section, document)),
    }),
  );
}

function symbolOf({ title, level, from, to, within }: Section, document: vscode.TextDocument): vscode.DocumentSymbol {
  const kind = level === 0 ? vscode.SymbolKind.Object : vscode.SymbolKind.String;
  const whole = document.lineAt(from).range.union(document.lineAt(to).range);
  const symbol = documentSymbol(title, kind, whole, document.lineAt(from).range);
  symbol.children = within.map((each) => symbolOf(each, document));
  return symbol;
}
