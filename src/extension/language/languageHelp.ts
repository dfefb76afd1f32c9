/** @file Completion and hovers in prompt files and programs. */
import * as vscode from 'vscode';
import { patternOf } from '../../prompt/kinds/table.ts';
import { languages } from '../../prompt/languages/table.ts';
import { parsePromptFile } from '../../prompt/readPrompt.ts';
import { knownModels } from '../chooseModel.ts';
import { suggestionsAt, type Suggestion, type SuggestionSources } from '../core/completion.ts';
import { sampleOf, stepSample, type DataSample } from '../core/dataSample.ts';
import { measuredFile, stepIn } from '../core/measuredFile.ts';
import { programHover, programSuggestionsAt, type ProgramSources } from '../core/programHelp.ts';
import { promptHover } from '../core/promptHover.ts';
import { unmarked } from '../core/unmarked.ts';
import { dataFilesNear, promptFilesNear } from '../dataFiles.ts';
import { rangeIn } from '../edit.ts';
import { textNow } from '../prompts.ts';
import type { Services } from '../services.ts';
import { asMarkdownString } from '../surfaces/inPlace.ts';

export function registerLanguageHelp({ samples, library }: Services): vscode.Disposable {
  const selector: vscode.DocumentSelector = { scheme: 'file', pattern: patternOf('prompt') };
  /** The document as it reads now: what the other surfaces know of it lags a little behind the typing. */
  const read = (document: vscode.TextDocument) => {
    const file = parsePromptFile(document.uri.fsPath, document.getText());
    const sample = async (): Promise<DataSample | undefined> => {
      const own = await sampleOf(file.settings, file.path, samples);
      if (own) return own;
      const [program] = await library.programsWith(file.path);
      const ofProgram = program && (await sampleOf(program.file.settings, program.file.path, samples));
      return (
        ofProgram &&
        stepSample(
          ofProgram,
          program.steps!.map(({ output }) => output),
          stepIn(program, file.path),
        )
      );
    };
    return { file, sample };
  };
  const completion: vscode.CompletionItemProvider = {
    async provideCompletionItems(document, position) {
      const { file, sample } = read(document);
      const sources: SuggestionSources = { sample, models: knownModels, dataFiles: () => dataFilesNear(document.uri) };
      const found = await suggestionsAt(file, document.offsetAt(position), sources);
      return found?.suggestions.map((suggestion, place) => itemOf(suggestion, rangeIn(document, found.span), place));
    },
  };
  const hover: vscode.HoverProvider = {
    async provideHover(document, position) {
      const { file, sample } = read(document);
      const found = await promptHover(file, document.offsetAt(position), sample);
      return found && new vscode.Hover(asMarkdownString(found.text), rangeIn(document, found.span));
    },
  };
  const programs: vscode.DocumentSelector = { scheme: 'file', pattern: patternOf('steps') };
  const programCompletion: vscode.CompletionItemProvider = {
    async provideCompletionItems(document, position) {
      const { file } = measuredFile(document.uri.fsPath, document.getText(), undefined, textNow);
      const sources: ProgramSources = {
        sample: () => sampleOf(file.settings, file.path, samples),
        models: knownModels,
        dataFiles: () => dataFilesNear(document.uri),
        promptFiles: () => promptFilesNear(document.uri),
      };
      const found = await programSuggestionsAt(file, document.offsetAt(position), file, sources);
      // Where there is help with YAML, it has the keys from the schema.
      const suggestions = found?.suggestions.filter(({ kind }) => kind !== 'setting' || !helpsWithYaml());
      return suggestions?.map((suggestion, place) => itemOf(suggestion, rangeIn(document, found!.span), place));
    },
  };
  const programHovers: vscode.HoverProvider = {
    provideHover(document, position) {
      const found = helpsWithYaml() ? undefined : programHover(document.getText(), document.offsetAt(position));
      return found && new vscode.Hover(asMarkdownString(found.text), rangeIn(document, found.span));
    },
  };
  return vscode.Disposable.from(
    vscode.languages.registerCompletionItemProvider(programs, programCompletion, ':', ' ', '/'),
    vscode.languages.registerHoverProvider(programs, programHovers),
    vscode.languages.registerCompletionItemProvider(selector, completion, ...triggers()),
    vscode.languages.registerHoverProvider(selector, hover),
  );
}

/** Of all languages, and those of YAML. */
const triggers = (): string[] => [...new Set([...languages.flatMap(({ typing }) => typing.triggers), ':', ' ', '/'])];

const helpsWithYaml = (): boolean => vscode.extensions.getExtension('redhat.vscode-yaml') !== undefined;

function itemOf({ kind, label, detail, about, text, more }: Suggestion, range: vscode.Range, place: number): vscode.CompletionItem {
  const item = new vscode.CompletionItem(unmarked(label), kinds[kind]);
  item.insertText = text;
  item.filterText = text;
  item.range = range;
  item.sortText = String(place).padStart(4, '0');
  if (detail !== undefined) item.detail = unmarked(detail);
  if (about !== undefined) item.documentation = asMarkdownString(about);
  if (more) item.command = { command: 'editor.action.triggerSuggest', title: '' };
  return item;
}

const kinds: Readonly<Record<Suggestion['kind'], vscode.CompletionItemKind>> = {
  setting: vscode.CompletionItemKind.Property,
  value: vscode.CompletionItemKind.EnumMember,
  column: vscode.CompletionItemKind.Variable,
  file: vscode.CompletionItemKind.File,
  model: vscode.CompletionItemKind.Module,
};
