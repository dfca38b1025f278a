/**
 * The pages as they were built and as a hub serves them, in real Chromium: what they weigh, and
 * what their headers allow.
 */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mlp } from '../../src/engine/nn/models/mlp.js';
import { onPixels, pixels } from '../../src/engine/nn/models/normalize-pixels.js';
import { sgd } from '../../src/engine/nn/optimizers.js';
import { compilePlan } from '../../src/engine/nn/plan.js';
import { classification } from '../../src/engine/nn/tasks/classification.js';
import { layoutSize } from '../../src/tensor/state-dict.js';
import { type TestHub, testHub } from '../../src/transport/hub/server/test-hub.contract.js';
import { root } from '../run-command.js';
import { slowClock } from '../slowness.js';
import { executablePath, openBrowser, STEP_MS } from './open-browser.js';

const assets = join(root, 'dist/pages/assets');
const scripts = readdirSync(assets).filter((name) => /\.(js|css)$/.test(name));

/** A page and all that it may ever load, ONNX Runtime's own left out. */
function filesOf(page: 'watch' | 'join'): string[] {
  const files = new Set<string>();
  const follow = (path: string) => {
    const text = readFileSync(path, 'utf8');
    for (const name of scripts) {
      if (name.startsWith('ort.') || files.has(name) || !text.includes(name)) continue;
      files.add(name);
      follow(join(assets, name));
    }
  };
  follow(join(root, `dist/pages/${page}/index.html`));
  return [...files];
}

/** Its decoder is loaded with the first Parquet file that is chosen (`join-table.test.ts`). */
const isParquet = (name: string) => name.startsWith('parquet-decoder');

const kilobytes = (names: readonly string[], ending: string) =>
  names.reduce((sum, name) => sum + statSync(join(assets, name + ending)).size, 0) / 1000;

interface Given {
  readonly script: string;
  /** Its models as lists of bytes. */
  readonly plan: { readonly trainingModel: readonly number[]; readonly evaluationModel: readonly number[] };
  readonly parameters: number;
}

/** In the page: the mean loss of a model of zeros on four pictures of nothing, by two threads. */
async function lossByTwoThreads({ script, plan, parameters }: Given): Promise<number> {
  const worker = new Worker(script, { type: 'module' });
  const ask = <Answer>(message: unknown) =>
    new Promise<Answer>((resolve, reject) => {
      worker.onmessage = ({ data }) =>
        'message' in data ? reject(new Error(data.message)) : resolve(data as Answer);
      worker.onerror = ({ message: reason }) => reject(new Error(reason));
      worker.postMessage(message);
    });
  await ask({ type: 'start', options: { device: 'wasm', threads: 2 } });
  const models = {
    trainingModel: Uint8Array.from(plan.trainingModel),
    evaluationModel: Uint8Array.from(plan.evaluationModel),
  };
  const train = {
    ...{ name: 'nothing', examples: 4 },
    inputs: [
      {
        name: 'images',
        dtype: 'u8',
        shape: [1, 4, 4],
        meaning: { kind: 'picture' },
        values: new Uint8Array(64),
      },
    ],
    targets: [
      {
        ...{ name: 'labels', dtype: 'i32', shape: [], values: new Uint8Array(4) },
        meaning: { kind: 'categories', names: ['a', 'b'] },
      },
    ],
  };
  await ask({ type: 'setup', setup: { plan: { ...plan, ...models }, train } });
  const examples = { source: 'train', indices: Uint32Array.of(0, 1, 2, 3) };
  const task = { type: 'evaluate', state: new Float32Array(parameters), examples };
  const { result } = await ask<{ result: { lossSum: number } }>({ type: 'task', id: 1, task });
  return result.lossSum / 4;
}

describe('what a page weighs', () => {
  it.each(['watch', 'join'] as const)('is at most 300 kB in the larger of its forms: %s', (page) => {
    const files = filesOf(page).filter((name) => !isParquet(name));
    expect(files.some((name) => name.startsWith(page))).toBe(true);
    expect(kilobytes(files, '.gz')).toBeLessThan(300);
  });

  it('is as its docs say: the dashboard', () => {
    const docs = readFileSync(join(root, 'docs/dashboard.md'), 'utf8').replaceAll('\n', ' ');
    const [, all, drawing] =
      /the hub: (\d+) kB in all \(gzip\), of which (\d+) kB draw charts/.exec(docs) ?? [];
    const files = filesOf('watch');
    const charts = files.filter((name) => name.startsWith('drawing'));
    expect(Math.abs(kilobytes(files, '.gz') - Number(all))).toBeLessThan(8);
    expect(Math.abs(kilobytes(charts, '.gz') - Number(drawing))).toBeLessThan(8);
  });

  it('is at most 100 kB more for those who choose a Parquet file', () => {
    const files = filesOf('join').filter(isParquet);
    expect(files).toHaveLength(1);
    expect(kilobytes(files, '.gz')).toBeLessThan(100);
  });
});

describe.skipIf(executablePath === undefined)('a page of a hub', () => {
  let hub: TestHub;
  let browser: Browser;
  beforeAll(async () => {
    hub = await testHub();
    await hub.open();
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await hub?.close();
  });

  /** What the browser refused to do, or could not, is kept. */
  async function opened(path: string, use: (page: Page, troubles: string[]) => Promise<void>): Promise<void> {
    const context = await browser.newContext();
    const page = await context.newPage();
    page.setDefaultTimeout(STEP_MS);
    const troubles: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') troubles.push(message.text());
    });
    page.on('pageerror', ({ message }) => troubles.push(message));
    page.on('request', (request) => {
      if (!request.url().startsWith(hub.hub().url)) troubles.push(`asked for ${request.url()}`);
    });
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
        console.error(violatedDirective, blockedURI),
      );
    });
    await page.goto(`${hub.hub().url}${path}`);
    await use(page, troubles);
    await context.close();
  }

  it.each([
    ['/', { role: 'observer' }],
    ['/join', { role: 'participant', name: 'site-a' }],
  ] as const)('is there within a second, and asks for nothing from elsewhere: %s', async (path, identity) => {
    const token = await hub.tokens.issue(identity);
    const paints: number[] = [];
    // The first of a busy machine says little.
    for (let time = 0; time < 3; time++) {
      await opened(`${path}#token=${token}`, async (page, troubles) => {
        const painted = await page.waitForFunction(
          () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
        );
        paints.push((await painted.jsonValue()) as number);
        await page.locator('h1').first().waitFor();
        expect(troubles).toEqual([]);
      });
    }
    // Among others that want the processor, too.
    expect(Math.min(...paints)).toBeLessThan(1000 * slowClock());
  });

  it('computes by WebAssembly with threads, in workers that come from the hub alone', async () => {
    const plan = compilePlan({
      ...{ network: onPixels(mlp({ classes: 2, hidden: [8] })), inputs: [pixels([1, 4, 4])] },
      task: classification({ classes: 2 }),
      ...{ optimizer: sgd(), batchSize: 4 },
    });
    const { trainingModel, evaluationModel } = plan;
    await opened('/join', async (page, troubles) => {
      const loss = await page.evaluate(lossByTwoThreads, {
        script: `/assets/${scripts.find((name) => name.startsWith('page-training-worker'))}`,
        plan: { ...plan, trainingModel: [...trainingModel], evaluationModel: [...evaluationModel] },
        parameters: layoutSize(plan.layout),
      });
      // Either class is as likely.
      expect(loss).toBeCloseTo(Math.log(2), 5);
      const workers = page.workers().map((worker) => new URL(worker.url()));
      expect(workers.filter(({ pathname }) => pathname.startsWith('/assets/ort.'))).not.toEqual([]);
      expect(workers.filter(({ protocol }) => protocol === 'blob:')).toEqual([]);
      expect(troubles).toEqual([]);
    });
  });
});
