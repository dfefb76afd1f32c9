/** @file Text where the editor reads marks in it: links in notifications, icons in labels. A text of others has none. */
import { visible } from '../../plain.ts';

/**
 * Text that the editor shows as it is. A space takes the meaning from `[label](address)`, which a notification makes a link that may run any
 * command (`parseLinkedText` of VS Code), and from `$(name)`, an icon in labels: unlike an invisible character it can be seen, and unlike a
 * backslash no surface shows it as something else.
 */
export const unmarked = (text: string): string =>
  visible(text)
    .replaceAll('](', '] (')
    .replaceAll(/\$\((?=[\w-]+(?:~\w+)?\))/g, '$ (');

declare const own: unique symbol;

/** What stands on a button, a lens or a row of a list; its icons are this program's own. */
export type Label = string & { readonly [own]: true };

/** A label as it is written, with text in its places: `$(beaker) Evaluate ${name}`. */
export const label = (strings: TemplateStringsArray, ...texts: readonly (string | number)[]): Label =>
  String.raw({ raw: strings }, ...texts.map((text) => unmarked(String(text)))) as Label;
