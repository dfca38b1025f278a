/** What the texts point to is there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(resolve(root, file), 'utf8');
const linksOf = (page: string) =>
  [...read(page).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, link]) => link as string);
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(resolve(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

describe('the texts', () => {
  it.each(pages)('%s links to files that there are', (page) => {
    const missing = linksOf(page).filter((link) => !existsSync(resolve(root, dirname(page), link)));
    expect(missing).toEqual([]);
  });

  it('that the package points to are in the package', () => {
    const { files } = JSON.parse(read('package.json')) as { files: string[] };
    const inPackage = (path: string) => files.some((one) => path === one || path.startsWith(`${one}/`));
    const named = readdirSync(resolve(root, 'src'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .flatMap((entry) => [
        ...readFileSync(resolve(entry.parentPath, entry.name), 'utf8').matchAll(/\bdocs\/[\w-]+\.md/g),
      ])
      .map(([path]) => path);
    expect(named.length).toBeGreaterThan(3);
    const outside = [...linksOf('README.md'), ...named].filter(
      (path) => !inPackage(path) || !existsSync(resolve(root, path)),
    );
    // How the engine is held against PyTorch is for those who have the repository.
    expect(outside).toEqual(['test/pytorch/README.md']);
  });

  it('name tests for the defences that there are', () => {
    const names = [...read('docs/security.md').matchAll(/`([^`]+\.test\.ts)`/g)].map(
      ([, name]) => name as string,
    );
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !existsSync(resolve(root, name)))).toEqual([]);
  });
});
