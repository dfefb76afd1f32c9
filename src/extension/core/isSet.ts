/** @file Whether someone has set a setting, or only its default applies. */

/** As the editor's inspection of a setting has it. */
export interface Inspected {
  readonly globalValue?: unknown;
  readonly workspaceValue?: unknown;
  readonly workspaceFolderValue?: unknown;
}

export const isSet = ({ globalValue, workspaceValue, workspaceFolderValue }: Inspected): boolean =>
  [globalValue, workspaceValue, workspaceFolderValue].some((value) => value !== undefined);
