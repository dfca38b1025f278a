/**
 * Tests run what users get. Where `dist/` is as new as the sources, a test that imports a source
 * gets the module that was compiled from it, which Node loads itself: Vitest would transform every
 * source in every project, and link it anew in every process. Where a source is newer, all tests
 * get sources.
 */
import { readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import type { Vite } from 'vitest/node';

const root = resolve(import.meta.dirname, '..');
const [sources, compiled] = ['src', 'dist'].map((name) => join(root, name) + sep) as [string, string];

/** Of these rooms, `dist/` has bundles. */
const bundled = ['cli', 'pages'].map((room) => sources + room + sep);

/** Its path, or undefined for what is not compiled by itself. */
function compiledFrom(source: string): string | undefined {
  if (!source.startsWith(sources) || !/(?<!\.(test|contract))\.ts$/.test(source)) return undefined;
  if (bundled.some((room) => source.startsWith(room))) return undefined;
  return compiled + source.slice(sources.length).replace(/ts$/, 'js');
}

/** Every source was compiled since it was changed. */
function isCurrent(): boolean {
  return readdirSync(sources, { recursive: true }).every((name) => {
    const source = join(sources, String(name));
    const made = compiledFrom(source);
    if (made === undefined) return true;
    const { mtimeMs = 0 } = statSync(made, { throwIfNoEntry: false }) ?? {};
    return mtimeMs >= statSync(source).mtimeMs;
  });
}

export function compiledSources(): Vite.Plugin {
  let current = isCurrent();
  return {
    name: 'compiled-sources',
    enforce: 'pre',
    configureVitest({ vitest }) {
      // Who watches is about to change sources.
      if (vitest.config.watch) current = false;
    },
    resolveId(name, importer) {
      if (!current || importer === undefined || !/^\.\.?\/.*\.js$/.test(name)) return undefined;
      return compiledFrom(resolve(dirname(importer), name).replace(/js$/, 'ts'));
    },
  };
}

/** Node loads what is there; Vitest does not transform it. */
export const loadedByNode = { deps: { external: [/\/dist\//] } };
