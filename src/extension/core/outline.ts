/** @file The parts of a prompt file, for folding and the outline: its front matter, and the sections of its body by their headings. */
import { findFrontMatter } from '../../prompt/frontMatter.ts';

export interface Section {
  readonly title: string;
  /** 0 is the front matter; 1 to 6 are headings. */
  readonly level: number;
  /** Lines from 0, the last one included. */
  readonly from: number;
  readonly to: number;
  readonly within: readonly Section[];
}

/** The sections from the top, each with those inside it. Headings in fenced code are text. */
export function outlineOf(text: string): Section[] {
  const front = findFrontMatter(text);
  const lines = text.split(/\r?\n/);
  const bodyFrom = front ? text.slice(0, front.bodyOffset).split('\n').length - 1 : 0;
  const settings = front && { title: 'Front matter', level: 0, from: 0, to: bodyFrom - 1, within: [] };
  return [...(settings ? [settings] : []), ...sectionsOf(headingsIn(lines, bodyFrom), lastLine(lines))];
}

type Heading = Pick<Section, 'title' | 'level' | 'from'>;

function headingsIn(lines: readonly string[], from: number): Heading[] {
  const found: Heading[] = [];
  let fence: string | undefined;
  for (let line = from; line < lines.length; line++) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(lines[line])?.[1];
    if (fence !== undefined) {
      if (mark?.startsWith(fence) && lines[line].trim() === mark) fence = undefined;
      continue;
    }
    fence = mark;
    const [, hashes, title] = /^ {0,3}(#{1,6})(?:[ \t]+(.*))?$/.exec(lines[line]) ?? [];
    if (hashes) found.push({ title: (title ?? '').replace(/(^|[ \t])#+[ \t]*$/, '').trim() || hashes, level: hashes.length, from: line });
  }
  return found;
}

/** Each heading reaches to the next one of its level or above, and holds those between. */
function sectionsOf(headings: readonly Heading[], last: number): Section[] {
  const top: Nested[] = [];
  /** The headings around the current line, each inside the one before. */
  const open: Nested[] = [];
  const closeTo = (level: number, line: number): void => {
    while ((open.at(-1)?.level ?? 0) >= level) open.pop()!.to = line;
  };
  for (const heading of headings) {
    closeTo(heading.level, heading.from - 1);
    const section: Nested = { ...heading, to: last, within: [] };
    (open.at(-1)?.within ?? top).push(section);
    open.push(section);
  }
  return top;
}

/** A section while it is read. */
interface Nested extends Heading {
  to: number;
  readonly within: Nested[];
}

/** The last line that has text: the line break at the end of a file begins no line of a section. */
const lastLine = (lines: readonly string[]): number => Math.max(0, lines.length - (lines.at(-1) === '' ? 2 : 1));

/** All sections, those inside others too. */
export const allSections = (sections: readonly Section[]): Section[] =>
  sections.flatMap((section) => [section, ...allSections(section.within)]);
