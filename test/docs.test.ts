/** What the texts point to is there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { JOURNAL_VERSION } from '../src/federation/record/journal-version.js';
import { PROTOCOL_VERSION } from '../src/protocol/version.js';

const root = resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(resolve(root, file), 'utf8');
const linksOf = (page: string) =>
  [...read(page).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, link]) => link as string);
/** Pages beside the code, which say how a room works. */
const roomPages = readdirSync(resolve(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('README.md'))
  .map((name) => `src/${name.replaceAll('\\', '/')}`);
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(resolve(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
  ...roomPages,
];

/**
 * Lines of a page, without its tables, its code, its pictures, and what `npm run results` writes.
 */
const proseOf = (text: string) =>
  text
    .replace(/^```.*?^```$/gms, '')
    .replace(/^<!-- results:.*?<!-- \/results -->$/gms, '')
    .split('\n')
    .filter((line) => !/^(\|| {4}|!\[)/.test(line.replace(/^ {2}\|/, '|')));

/** Phrases that have to be read twice; CONTRIBUTING.md has what to write instead. */
const avoided = [
  /but who says so/i,
  /is no JSON/,
  /holds? the end back/,
  /\bmend(s|ed)? (it|itself|that|this|them)\b/i,
  /\bone a (class|round|strategy|line)\b/i,
  /\b(mistake|bug|error)s? of ours\b/i,
  /\b(comes?|came) of it\b/i,
  /in honest company/i,
  /the same command goes on/i,
  /\bwhoever\b/i,
  /Nobody is so/,
];
const avoidedIn = (text: string) => avoided.flatMap((phrase) => text.match(phrase)?.[0] ?? []);

/** Rooms whose comments end by 100 columns, and have none of the phrases. */
const rooms = [
  ...['attack', 'base', 'cli', 'crypto', 'data', 'engine', 'experiments', 'federation', 'merge'],
  ...['metrics', 'pages', 'protocol', 'report', 'tensor', 'training', 'transforms', 'transport'],
];
const modulesOf = (room: string) =>
  readdirSync(resolve(root, 'src', room), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name) && !/\.(test|contract)\.ts$/.test(name))
    .map((name) => `src/${room}/${name.replaceAll('\\', '/')}`);
/** Prose of a comment: no formula, which is indented, no address, and nothing for a tool. */
const isComment = (line: string) =>
  /^\s*(\/\*\*|\*|\/\/) (?! {4})/.test(line) && !/biome-ignore|https?:/.test(line);

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

  it('say the versions of the protocol and of the journal', () => {
    const page = read('docs/across-machines.md');
    expect(page).toContain(`the protocol (${PROTOCOL_VERSION})`);
    expect(page).toContain(`"protocol":${PROTOCOL_VERSION}}`);
    expect(page.replaceAll(/\s+/g, ' ')).toContain(`journal has a version (${JOURNAL_VERSION})`);
  });

  it('use every word of the glossary, and it defines the words of this list', () => {
    const words = [...read('docs/glossary.md').matchAll(/^### (.+)$/gm)].map(([, word]) => word as string);
    expect(words).toEqual([
      ...['participant', 'environment', 'coordinator', 'hub'],
      ...['round', 'phase', 'update', 'attachment', 'shared', 'own', 'codec', 'merge', 'strategy', 'copy'],
      ...['task', 'metric', 'reference', 'threshold', 'cut-off', 'survey', 'plan', 'journal', 'V', 'H'],
    ]);
    const others = pages.filter((page) => page !== 'docs/glossary.md').map(read);
    const unused = words.filter((word) => !others.some((text) => new RegExp(`\\b${word}s?\\b`).test(text)));
    expect(unused).toEqual([]);
  });

  it.each(['README.md', 'docs/layout.md', 'docs/across-machines.md'])('%s links to the glossary', (page) => {
    expect(linksOf(page).map((link) => link.replace('docs/', ''))).toContain('glossary.md');
  });

  it.each(roomPages)('%s names modules that there are', (page) => {
    const all = readdirSync(resolve(root, 'src'), { recursive: true, encoding: 'utf8' }).map(
      (name) => `/${name.replaceAll('\\', '/')}`,
    );
    const named = [...read(page).matchAll(/`([\w./-]+\.tsx?)`/g)].map(([, name]) => name as string);
    expect(named.length).toBeGreaterThan(3);
    const exists = (name: string) =>
      all.some((file) => file.endsWith(`/${name}`)) || existsSync(resolve(root, name));
    expect(named.filter((name) => !exists(name))).toEqual([]);
  });

  it.each(pages)('%s ends its lines by 100 columns', (page) => {
    expect(proseOf(read(page)).filter((line) => line.length > 100)).toEqual([]);
  });

  it.each(pages)('%s has none of the phrases to avoid', (page) => {
    expect(avoidedIn(read(page))).toEqual([]);
  });

  it.each(rooms)('%s has none of the phrases to avoid, and no comment past 100 columns', (room) => {
    const modules = modulesOf(room);
    expect(modules.length).toBeGreaterThan(0);
    const found = modules.flatMap((file) => {
      const long = read(file)
        .split('\n')
        .filter((line) => isComment(line) && line.length > 100);
      return [...avoidedIn(read(file)), ...long].map((text) => `${file}: ${text}`);
    });
    expect(found).toEqual([]);
  });
});
