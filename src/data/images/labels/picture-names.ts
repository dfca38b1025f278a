/**
 * Finds pictures by the names that tables and masks give them: the path in the folder, or its end,
 * with or without the extension.
 */
import { canonicalName } from '../../../base/names.js';

/** Of several pictures with that name. */
export const SEVERAL = 'several';

export type FindPicture = (name: string) => string | typeof SEVERAL | undefined;

const normalized = (name: string) => canonicalName(name.replaceAll('\\', '/').replace(/^(\.?\/)+/, ''));

export const withoutExtension = (name: string): string => name.replace(/(?<=[^/])\.[a-z]{3,4}$/i, '');

/** @param paths within the folder */
export function pictureFinder(paths: readonly string[]): FindPicture {
  const exact = new Set(paths);
  const byName = new Map<string, string>();
  for (const path of paths) {
    const parts = normalized(path).split('/');
    for (const start of parts.keys()) {
      const end = parts.slice(start).join('/');
      for (const name of new Set([end, withoutExtension(end)])) {
        const before = byName.get(name);
        byName.set(name, before === undefined || before === path ? path : SEVERAL);
      }
    }
  }
  return (name) => (exact.has(name) ? name : byName.get(normalized(name)));
}
