/** @file Where Tandem stores what belongs to the user and not to a workspace. */
import { homedir } from 'node:os';
import { join } from 'node:path';

/** TANDEM_HOME, else `tandem` in XDG_CACHE_HOME or ~/.cache. */
export function tandemHome(env: NodeJS.ProcessEnv = process.env): string {
  return env.TANDEM_HOME || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tandem');
}

export function modelsFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(tandemHome(env), 'models');
}
