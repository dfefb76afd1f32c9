/** @file Panels beside the editors: they leave the whole width to a diff, and come back beside it. */
import { expect, test } from 'vitest';
import { makeEmitter } from './emitter.ts';
import { makeSidePanels, type SidePanel } from './sidePanels.ts';

const beside = -2;

interface Toy extends SidePanel {
  visible: boolean;
  viewColumn: number;
  close(): void;
}

function panelIn(viewColumn: number, visible = true): Toy {
  const closed = makeEmitter<void>();
  const toy: Toy = {
    visible,
    viewColumn,
    reveal: (column = toy.viewColumn) => Object.assign(toy, { viewColumn: column, visible: true }),
    onDidDispose: closed.event,
    close: () => closed.fire(),
  };
  return toy;
}

function sidePanels(...panels: Toy[]) {
  const side = makeSidePanels<Toy>(beside);
  panels.forEach((panel) => side.add(panel));
  return { side, columns: () => panels.map(({ viewColumn }) => viewColumn) };
}

test('every panel in sight moves to the column of the diff, and so does one that is hidden behind it', () => {
  const { side, columns } = sidePanels(panelIn(2), panelIn(2, false), panelIn(3));
  side.giveWay(1);
  expect(columns()).toEqual([1, 1, 1]);
});

test('a panel behind something else than a panel stays where it is: its column stays open anyway', () => {
  const { side, columns } = sidePanels(panelIn(2, false));
  side.giveWay(1);
  expect(columns()).toEqual([2]);
});

test('a panel that gave way comes back beside the diff that covers it, and only once', () => {
  const panel = panelIn(2);
  const { side, columns } = sidePanels(panel);
  side.giveWay(1);
  panel.visible = false;
  side.reveal(panel, true);
  expect(columns()).toEqual([beside]);
  panel.viewColumn = 3;
  side.reveal(panel, true);
  expect(columns()).toEqual([3]);
});

test('a panel that somebody has brought to the front again stays there', () => {
  const panel = panelIn(2);
  const { side, columns } = sidePanels(panel);
  side.giveWay(1);
  side.reveal(panel, true);
  expect(columns()).toEqual([1]);
});

test('a panel that was closed is not moved', () => {
  const panel = panelIn(2);
  const { side, columns } = sidePanels(panel);
  panel.close();
  side.giveWay(1);
  expect(columns()).toEqual([2]);
});
