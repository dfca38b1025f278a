import { readdirSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { compiledSources, loadedByNode } from './test/compiled-sources.js';

/** They try a few of their cases with `npm test`, and all of them here. */
const inEveryCase = ['bench', 'src', 'test'].flatMap((folder) =>
  (readdirSync(folder, { recursive: true }) as string[])
    .map((file) => `${folder}/${file}`)
    .filter(
      (file) =>
        file.endsWith('.test.ts') &&
        /\/(every-case|(resumption|strategy)\.contract)\.js'/.test(readFileSync(file, 'utf8')),
    ),
);

// What takes minutes: real training runs on all of Fashion-MNIST. One file after the other, since they are timed.
export default defineConfig({
  plugins: [compiledSources()],
  test: {
    server: loadedByNode,
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 900_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 120_000 } },
    globalSetup: ['test/find-chromium.ts', 'test/find-nats.ts'],
    provide: { everyCase: true },
    include: [
      ...inEveryCase,
      'src/**/*.full.test.ts',
      'test/**/*.full.test.ts',
      'bench/**/*.full.test.ts',
      'studies/**/*.full.test.ts',
    ],
  },
});
