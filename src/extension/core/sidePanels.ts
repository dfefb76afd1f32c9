/** @file The panels beside the editors. They give way to a diff, which needs the whole width for its two sides. */

export interface SidePanels<Panel extends SidePanel> {
  /** From now on the panel gives way with the others, until it is closed. */
  add(panel: Panel): void;
  /** Moves the panels to this column if they are in sight elsewhere: what opens there next covers them. */
  giveWay(column: number): void;
  /** Brings a panel to the front. If it gave way, that is beside the editor that covers it, which it must not cover in turn. */
  reveal(panel: Panel, preserveFocus: boolean): void;
}

/** What is used of a panel of the editor. */
export interface SidePanel {
  readonly visible: boolean;
  readonly viewColumn?: number | undefined;
  reveal(viewColumn?: number, preserveFocus?: boolean): void;
  onDidDispose(listener: () => void): unknown;
}

/** @param beside the column beside the active one */
export function makeSidePanels<Panel extends SidePanel>(beside: number): SidePanels<Panel> {
  const panels = new Set<Panel>();
  /** Those that gave way since they were revealed last. */
  const behind = new Set<Panel>();
  return {
    add(panel) {
      panels.add(panel);
      panel.onDidDispose(() => {
        panels.delete(panel);
        behind.delete(panel);
      });
    },
    giveWay(column) {
      // A hidden panel goes along with the one that hides it, or it would keep their column open.
      const columns = new Set([...panels].filter(({ visible }) => visible).map(({ viewColumn }) => viewColumn));
      for (const panel of panels) {
        behind.add(panel);
        if (columns.has(panel.viewColumn) && panel.viewColumn !== column) panel.reveal(column, true);
      }
    },
    reveal(panel, preserveFocus) {
      const isCovered = behind.delete(panel) && !panel.visible;
      panel.reveal(isCovered ? beside : undefined, preserveFocus);
    },
  };
}
