/** @file The Test Explorer: how prompts and their rows are run, by the engine's own measurement. */
import * as vscode from 'vscode';
import { describeError } from '../../errors.ts';
import type { Split } from '../../run/spec.ts';
import { isOver } from '../core/job.ts';
import { choicesOf, type TestPath } from '../core/testChoices.ts';
import type { Services } from '../services.ts';
import { reportMeasured, runChoices } from './run.ts';
import { splitTags, watchTests } from './tree.ts';

const profiles: readonly { readonly label: string; readonly split: Split; readonly isDefault: boolean; readonly continuous: boolean }[] = [
  { label: 'Validation', split: 'val', isDefault: true, continuous: true },
  // The held-out rows are for the end: nothing measures them again and again.
  { label: 'Held-out test rows (meant to be used once)', split: 'test', isDefault: false, continuous: false },
];

export function registerTesting(services: Services): vscode.Disposable {
  const controller = vscode.tests.createTestController('tandem', 'Tandem');
  const tree = watchTests(controller, services);
  controller.resolveHandler = (item) => (item ? tree.list(item) : tree.find());
  controller.refreshHandler = () => tree.find();

  const testing = { controller, tree, services, own: new Set<number>() };

  const runOnce = async (request: vscode.TestRunRequest, split: Split, token: vscode.CancellationToken): Promise<void> => {
    if (!request.include) await tree.find();
    const include = request.include?.map(pathOf) ?? [...controller.items].map(([id]): TestPath => [id]);
    const choices = choicesOf(include, request.exclude?.map(pathOf) ?? []);
    await runChoices(testing, request, choices, split, token);
  };
  /** Measures again whenever a chosen prompt or its data is saved, until it is called off. */
  const runOnChange = (request: vscode.TestRunRequest, split: Split, token: vscode.CancellationToken): void => {
    const [include, exclude] = [request.include?.map(pathOf), request.exclude?.map(pathOf) ?? []];
    const listener = tree.onDidChange(({ id }) => {
      const choices = choicesOf(include ?? [[id]], exclude).filter(({ prompt }) => prompt === id);
      if (choices.length > 0) void runChoices(testing, request, choices, split, token);
    });
    token.onCancellationRequested(() => void listener.dispose());
  };
  for (const { label, split, isDefault, continuous } of profiles) {
    const handle = (request: vscode.TestRunRequest, token: vscode.CancellationToken): Promise<void> | void =>
      request.continuous ? runOnChange(request, split, token) : runOnce(request, split, token);
    controller.createRunProfile(label, vscode.TestRunProfileKind.Run, handle, isDefault, splitTags[split], continuous);
  }
  const listener = services.engine.onDidChange((job) => {
    const { id, status, task } = job;
    if (!isOver(job) || testing.own.delete(id)) return;
    if (status !== 'done' || task.kind !== 'evaluate' || task.lines) return;
    void reportMeasured(testing, job).catch((error: unknown) => services.log.warn(describeError(error)));
  });
  return vscode.Disposable.from(listener, tree, controller);
}

const pathOf = ({ id, parent }: vscode.TestItem): TestPath => (parent ? [parent.id, id] : [id]);
