/** @file The models on this machine, and how they are added and removed. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { DownloadProgress } from '../model/store/download.ts';
import { modelsFolder, tandemHome } from '../model/store/home.ts';
import type { InstalledModel } from '../model/store/store.ts';
import { bytes } from '../run/words/format.ts';
import { viewIds } from './ids.ts';
import { notify, withProgress, withProgressIn } from './surfaces/notifications.ts';

export interface Models extends vscode.Disposable {
  /** The one that comes with Tandem is first. */
  list(): Promise<readonly InstalledModel[]>;
  /** Fetches or remembers a model, with its progress in sight. @returns undefined where the user cancelled it. @throws TandemError those of the store */
  add(spec: string): Promise<InstalledModel | undefined>;
  /** Asks for confirmation. @throws TandemError those of the store */
  remove(name: string): Promise<void>;
  readonly onDidChange: vscode.Event<void>;
}

/** Loaded on demand: the store brings the hub's client along. */
export const modelStore = () => import('../model/store/store.ts');

export function watchModels(): Models {
  const changed = new vscode.EventEmitter<void>();
  let watcher: vscode.Disposable | undefined;
  const watch = (folder: string): vscode.Disposable => {
    const files = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(vscode.Uri.file(folder), '*'));
    const fire = (): void => changed.fire();
    return vscode.Disposable.from(files, files.onDidCreate(fire), files.onDidChange(fire), files.onDidDelete(fire));
  };
  return {
    async list() {
      const { listModels } = await modelStore();
      watcher ??= watch(modelsFolder());
      return listModels();
    },
    async add(spec) {
      const stop = new AbortController();
      try {
        return await withBothProgresses(`Adding ${basename(spec)}`, stop, async (tell) => {
          const { addModel } = await modelStore();
          // Not from where the editor happened to be started: a name is no path there.
          const workspaces = (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath);
          return addModel(spec, { signal: stop.signal, onProgress: tell, cwd: tandemHome(), workspaces });
        });
      } catch (error) {
        if (!stop.signal.aborted) throw error;
        return undefined;
      } finally {
        changed.fire();
      }
    },
    async remove(name) {
      const { listModels, removeModel } = await modelStore();
      const { bytes: size = 0, source } = (await listModels()).find((model) => model.name === name) ?? {};
      const detail =
        size > 0 ? `This frees ${bytes(size)}.` : `Tandem removes it from its list. ${source ?? 'The model'} stays where it is.`;
      const remove = 'Remove';
      if ((await notify('warning', `Remove the model ${name}?`, { actions: [remove], modal: { detail } })) !== remove) return;
      await removeModel(name);
      changed.fire();
    },
    onDidChange: changed.event,
    dispose: () => {
      watcher?.dispose();
      changed.dispose();
    },
  };
}

/** In a notification, where it can be cancelled, and as a bar above the models. */
async function withBothProgresses<T>(
  title: string,
  stop: AbortController,
  work: (tell: (download: DownloadProgress) => void) => Promise<T>,
): Promise<T> {
  return withProgress(title, async (tell, cancelled) => {
    cancelled.onCancellationRequested(() => stop.abort());
    let [shown, told] = [0, ''];
    const working = work(({ what, received, total }) => {
      const share = total ? received / total : 0;
      const message = `${what}, ${bytes(received)}${total ? ` of ${bytes(total)}` : ''}`;
      if (message === told && share - shown < 0.01) return;
      tell(message, share);
      [shown, told] = [Math.max(shown, share), message];
    });
    const settled = working.then(
      () => {},
      () => {},
    );
    void withProgressIn(viewIds.models, settled);
    return working;
  });
}
