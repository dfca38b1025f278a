/** What the texts point to is there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(resolve(root, file), 'utf8');
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(resolve(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

describe('the texts', () => {
  it.each(pages)('%s links to files that there are', (page) => {
    const links = [...read(page).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, link]) => link as string);
    const missing = links.filter((link) => !existsSync(resolve(root, dirname(page), link)));
    expect(missing).toEqual([]);
  });

  it('name tests for the defences that there are', () => {
    const names = [...read('docs/security.md').matchAll(/`([^`]+\.test\.ts)`/g)].map(
      ([, name]) => name as string,
    );
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !existsSync(resolve(root, name)))).toEqual([]);
  });
});
