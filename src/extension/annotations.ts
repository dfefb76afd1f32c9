/** @file What each line is worth, at its end and in the overview ruler; greyed while the text is not the one that was measured. */
import * as vscode from 'vscode';
import { describeError } from '../errors.ts';
import type { MeasuredLines } from '../run/record/results.ts';
import { portable } from '../run/record/runDirectory.ts';
import { workspaceOf } from '../run/record/tandemFolder.ts';
import { annotateLines, linesOfStep, type Tint } from './core/lineWorth.ts';
import { colorIds, settingIds } from './ids.ts';
import type { OpenPrompt } from './prompts.ts';
import type { Services } from './services.ts';
import { setting } from './settings.ts';
import { asMarkdownString, commandLink } from './surfaces/inPlace.ts';

const tints: readonly Tint[] = ['helps', 'hurts', 'unclear', 'stale'];
type Types = Readonly<Record<Tint, vscode.TextEditorDecorationType>>;

export function registerAnnotations({ prompts, library, log }: Services): vscode.Disposable {
  let types = makeTypes();
  /** What was measured of the lines: of the prompt itself, or of the program that it is a step of. */
  const linesOf = async (prompt: OpenPrompt): Promise<Shown | undefined> => {
    const { file, results, stale, steps } = prompt;
    if (steps) return undefined;
    if (results?.lines) return { lines: results.lines, stale };
    const [program] = (await library.programsWith(file.path)).filter((each) => each.results?.lines);
    const ofProgram = program?.results?.lines;
    return ofProgram && { lines: linesOfStep(ofProgram, portable(workspaceOf(program.file.path), file.path)), stale: program.stale };
  };
  const draw = async (editor: vscode.TextEditor): Promise<void> => {
    // In a diff, what a line contributes would be taken for what its change does; editors in a diff have no column.
    if (editor.viewColumn === undefined) return clear(editor, types);
    const prompt = prompts.of(editor.document);
    const lines = prompt && (await linesOf(prompt));
    // The text may be another one by now; that is drawn by itself.
    if (prompt && prompts.of(editor.document) === prompt) decorate(editor, prompt, lines, types);
  };
  const show = (editor: vscode.TextEditor): void => void draw(editor).catch((error: unknown) => log.warn(describeError(error)));
  const showAll = (): void => vscode.window.visibleTextEditors.forEach(show);
  const remake = (): void => {
    disposeAll(types);
    types = makeTypes();
    showAll();
  };
  showAll();
  return vscode.Disposable.from(
    library.onDidChange(showAll),
    vscode.window.onDidChangeVisibleTextEditors(showAll),
    vscode.window.onDidChangeTextEditorViewColumn(showAll),
    vscode.workspace.onDidChangeConfiguration((change) => change.affectsConfiguration('tandem.annotations') && remake()),
    { dispose: () => disposeAll(types) },
  );
}

interface Shown {
  readonly lines: MeasuredLines;
  readonly stale: boolean;
}

function decorate(editor: vscode.TextEditor, { document, file }: OpenPrompt, shown: Shown | undefined, types: Types): void {
  const wanted = shown && setting<boolean>(settingIds.lines, document.uri);
  const annotations = wanted ? annotateLines(shown.lines, file.text, { stale: shown.stale, now: Date.now() }) : [];
  for (const tint of tints) {
    const own = annotations.filter((annotation) => annotation.tint === tint);
    editor.setDecorations(
      types[tint],
      own.map(({ line, label, hover }) => {
        const { end } = document.lineAt(line).range;
        return {
          range: new vscode.Range(end, end),
          hoverMessage: [asMarkdownString(hover), settingLink],
          renderOptions: { after: { contentText: label } },
        };
      }),
    );
  }
}

const clear = (editor: vscode.TextEditor, types: Types): void => tints.forEach((tint) => editor.setDecorations(types[tint], []));

function makeTypes(): Types {
  const ruler = setting<boolean>(settingIds.overviewRuler);
  const make = (tint: Tint): vscode.TextEditorDecorationType => {
    const color = new vscode.ThemeColor(colorIds[tint]);
    // What is unclear or out of date is no landmark.
    const landmark = ruler && (tint === 'helps' || tint === 'hurts');
    return vscode.window.createTextEditorDecorationType({
      // Color must not be the only difference.
      after: { color, margin: '0 0 0 3em', fontStyle: tint === 'stale' ? 'italic' : 'normal', fontWeight: 'normal' },
      rangeBehavior: vscode.DecorationRangeBehavior.OpenOpen,
      ...(landmark && { overviewRulerColor: color, overviewRulerLane: vscode.OverviewRulerLane.Right }),
    });
  };
  return { helps: make('helps'), hurts: make('hurts'), unclear: make('unclear'), stale: make('stale') };
}

const disposeAll = (types: Types): void => tints.forEach((tint) => types[tint].dispose());

const settingLink = commandLink('Hide line annotations', 'workbench.action.openSettings', settingIds.lines);
