/** @file What a record names must be in its workspace after links are followed, because a record may have come with the workspace from anyone. */
import { lstatSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { TandemError, type Place } from '../../errors.ts';
import { isMissing } from '../../files.ts';
import { endingsOf, kindOf } from '../../prompt/kinds/table.ts';

/** Whether the path, or the existing part of it, is below the folder once links are followed. */
export function isInside(folder: string, path: string): boolean {
  const real = realPath(path);
  if (real === undefined) return false;
  const way = relative(realpathSync(folder), real);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/**
 * @param path absolute
 * @param what its role in the record, as in 'its prompt file'
 * @param where the record's file
 * @throws TandemError reason 'outside-workspace'
 */
export function requireInside(workspace: string, path: string, what: string, where: Place): void {
  if (isInside(workspace, path)) return;
  throw new TandemError('outside-workspace', `The run names ${path} as ${what}, but that is outside the workspace ${workspace}.`, {
    where,
    hint: 'A run only reads and changes files in its workspace. Optimize again there, or delete this run.',
  });
}

/** The same for a file with the name of a prompt or a program. @throws TandemError reasons 'outside-workspace', 'not-a-prompt' */
export function requirePromptInside(workspace: string, path: string, what: string, where: Place): void {
  requireInside(workspace, path, what, where);
  if (kindOf(path)) return;
  throw new TandemError('not-a-prompt', `The run names ${path} as ${what}, but the file name does not match.`, {
    where,
    hint: `Prompt files end in ${endingsOf('prompt').join(' or ')}, programs in ${endingsOf('steps')[0]}.`,
  });
}

/** For a missing path, resolves as far as folders exist. Undefined for a link that leads nowhere or in a circle. */
function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch (error) {
    if (!isMissing(error)) return undefined;
    const above = dirname(path);
    if (above === path || isLink(path)) return undefined;
    const real = realPath(above);
    return real && join(real, basename(path));
  }
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}
