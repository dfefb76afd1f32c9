/** @file Asks what a prompt file does not say yet, and writes the answers into its front matter. */
import { basename, dirname, resolve } from 'node:path';
import * as vscode from 'vscode';
import { isProgramPath } from '../prompt/kinds/table.ts';
import { parsePromptFile } from '../prompt/readPrompt.ts';
import { textIn } from '../prompt/values.ts';
import { aboutData } from './core/aboutData.ts';
import { openQuestions, pathFrom, withAnswers, type Question } from './core/answers.ts';
import { labelGuess, rankOutputs } from '../data/guesses.ts';
import { dataEndings } from '../data/dataEndings.ts';
import { dataFilesOf, readSample } from './core/dataSample.ts';
import { pickModel } from './chooseModel.ts';
import { dataExtensions, dataFilesNear } from './dataFiles.ts';
import { label } from './core/unmarked.ts';
import { replaceText } from './edit.ts';
import { pick } from './surfaces/picks.ts';

type Answers = Partial<Record<Question, string>>;

/**
 * Asks only what nothing in the file answers.
 * @returns false if the user cancelled
 * @throws TandemError reasons of readSample, and 'cannot-rewrite'
 */
export async function answerQuestions(document: vscode.TextDocument, purpose: string): Promise<boolean> {
  // What a program lacks is among its problems.
  if (isProgramPath(document.uri.fsPath)) return true;
  const questions = openQuestions(parsePromptFile(document.uri.fsPath, document.getText()));
  if (questions.length === 0) return true;
  const answers: Answers = {};
  for (const [place, question] of questions.entries()) {
    const title = `${purpose} ${basename(document.uri.fsPath)} (${place + 1}/${questions.length})`;
    const answer = await ask[question](document, answers, title);
    if (answer === undefined) return false;
    if (answer !== asDefault) answers[question] = answer;
  }
  await replaceText(document, withAnswers(document.uri.fsPath, document.getText(), answers));
  return true;
}

/** Nothing needs to be written. */
const asDefault = '';

type Ask = (document: vscode.TextDocument, answers: Answers, title: string) => Promise<string | undefined>;

const ask: Readonly<Record<Question, Ask>> = {
  async data({ uri }, _, title) {
    const paths = await dataFilesNear(uri);
    const browse = { label: label`$(folder-opened) Browse…`, alwaysShow: true, value: asDefault };
    const items = paths.map(async (path) => {
      const about = await aboutData(resolve(dirname(uri.fsPath), path));
      return { label: label`${basename(path)}`, description: about === undefined ? path : `${path}, ${about}`, value: path };
    });
    const picked = await pick(
      Promise.all(items).then((files) => [...files, browse]),
      {
        title,
        placeHolder: `A file of rows with inputs and answers: ${dataEndings.join(', ')}`,
        matchOnDescription: true,
      },
    );
    if (picked !== asDefault) return picked;
    const filters = { 'Data files': [...dataExtensions] };
    const files = await vscode.window.showOpenDialog({ title, filters, defaultUri: vscode.Uri.file(dirname(uri.fsPath)) });
    return files?.[0] && pathFrom(uri.fsPath, files[0].fsPath);
  },

  async output(document, answers, title) {
    const { columns, rows } = await sampleOf(document, answers);
    const items = rankOutputs(columns, parsePromptFile(document.uri.fsPath, document.getText()).prompt.body).map((column) => ({
      label: label`${column}`,
      description: rows[0] && textIn(rows[0].values, column).slice(0, 60),
      value: column,
    }));
    return pick(items, { title, placeHolder: 'The column to predict' });
  },

  async labels(document, answers, title) {
    const output = answers.output!;
    const { count, likely } = labelGuess(await sampleOf(document, answers), output);
    const choose = {
      label: label`One of the labels in the data`,
      description: `${count} different values in the first rows`,
      value: 'from-data',
    };
    const write = { label: label`Free text`, description: 'Written by the model and compared as a whole', value: asDefault };
    const items = likely ? [choose, write] : [write, choose];
    return pick(items, { title, placeHolder: `What kind of answer "${output}" is` });
  },

  model: ({ uri }, _, title) => pickModel(uri, title),
};

const sampleOf = (document: vscode.TextDocument, { data }: Answers): ReturnType<typeof readSample> => {
  const { settings, path } = parsePromptFile(document.uri.fsPath, document.getText());
  return readSample(dataFilesOf(data === undefined ? settings : { data }, path)[0].file);
};
