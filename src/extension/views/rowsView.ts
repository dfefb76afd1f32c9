/** @file A view that is a list of rows, each of which stands for what the commands in its menus are called with. */
import * as vscode from 'vscode';
import type { Event } from '../core/emitter.ts';
import type { Row } from '../core/rows.ts';
import type { ViewId } from '../ids.ts';
import { treeItem } from '../surfaces/inPlace.ts';

export interface RowsSource<T extends string | vscode.Uri> {
  /** From the top. */
  readonly rows: () => Promise<readonly (readonly [target: T, row: Row])[]>;
  /** Whatever changes rows or badge. */
  readonly changes: readonly Event<unknown>[];
  readonly badge?: () => vscode.ViewBadge | undefined;
}

/** A job that is worked on changes more often than a list should. Milliseconds. */
const pause = 500;
/** Ages are shown in minutes. */
const tick = 60_000;

export function registerRowsView<T extends string | vscode.Uri>(id: ViewId, { rows, changes, badge }: RowsSource<T>): vscode.Disposable {
  let known = new Map<T, Row>();
  let timer: NodeJS.Timeout | undefined;
  const changed = new vscode.EventEmitter<T[] | undefined>();
  const view = vscode.window.createTreeView<T>(id, {
    treeDataProvider: {
      onDidChangeTreeData: changed.event,
      async getChildren(parent) {
        if (parent !== undefined) return [];
        known = new Map(await rows());
        return [...known.keys()];
      },
      getTreeItem: (target) => itemOf(target, known.get(target)!),
    },
  });
  /** Redraws only what has changed: someone who points at another row can go on. */
  const refresh = async (): Promise<void> => {
    const next = await rows();
    const targets = [...known.keys()];
    // A hidden view has to know that it is out of date.
    const same =
      view.visible && next.length === targets.length && next.every(([target], place) => target.toString() === targets[place].toString());
    const fresh = same ? targets.filter((target, place) => JSON.stringify(known.get(target)) !== JSON.stringify(next[place][1])) : [];
    for (const target of fresh) known.set(target, next[targets.indexOf(target)][1]);
    if (!same) changed.fire(undefined);
    else if (fresh.length > 0) changed.fire(fresh);
  };
  const fire = (): void => {
    timer = undefined;
    view.badge = badge?.();
    refresh().catch(() => changed.fire(undefined));
  };
  const later = (): void => void (timer ??= setTimeout(fire, pause));
  const minutes = setInterval(() => view.visible && later(), tick);
  later();
  return vscode.Disposable.from(view, changed, ...changes.map((change) => change(later)), {
    dispose: () => {
      clearTimeout(timer);
      clearInterval(minutes);
    },
  });
}

function itemOf(target: string | vscode.Uri, { label, description, tooltip, icon, color, can, opens }: Row): vscode.TreeItem {
  return treeItem({
    id: target.toString(),
    label,
    description,
    tooltip,
    iconPath: new vscode.ThemeIcon(icon, color === undefined ? undefined : new vscode.ThemeColor(color)),
    contextValue: can.join(' '),
    ...(opens && { command: { title: 'Open', command: opens, arguments: [target] } }),
  });
}
