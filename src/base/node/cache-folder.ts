/** The folder for downloads, and for what a program without a folder keeps on a disk. Node only. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * $COMMONWEIGHT_CACHE, or `commonweight` in $XDG_CACHE_HOME or ~/.cache; in it the folder `name`.
 */
export function cacheFolder(name: string, env: Readonly<NodeJS.ProcessEnv> = process.env): string {
  const base =
    env.COMMONWEIGHT_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'commonweight');
  return resolve(base, name);
}
