/**
 * The same training in headless Chromium, one page for each way: WebAssembly with one and two
 * threads, WebGPU where there is an adapter; and the whole work of a participant in a page, with
 * two threads. In turns with the native ones. Pages are served on loopback, isolated from other
 * origins, so that they may have threads.
 */
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright';
import { createServer, type ViteDevServer } from 'vite';
import { CHROMIUM, requires } from '../test/requires.js';
import { type Contender, inTurns, ourContender } from './contender.js';
import { BenchError } from './error.js';
import { realImages } from './images.js';
import { imageShapeOf, type NetworkName } from './networks.js';
import type { PageSetup, TrainingPage } from './page.js';
import type { Opening } from './page-participant.js';
import { fastVariants } from './pytorch.js';
import { quantile, type Sample, sampleOf } from './statistics.js';
import type { StepsOptions } from './steps.js';

export interface BrowserResult {
  readonly network: NetworkName;
  readonly batchSize: number;
  readonly rows: readonly { readonly label: string; readonly imagesPerSecond: Sample }[];
  readonly native: Sample;
  /** Of the fastest PyTorch with two threads. */
  readonly pyTorch: Sample | undefined;
  readonly participant: PageParticipant;
}

/** A participant in a page, beside the bare steps of as many threads. */
export interface PageParticipant extends Opening {
  /**
   * The median of slices of both that follow one another: what is to be seen is less than the noise
   * of either.
   */
  readonly toSteps: number;
  /** Of the page's own thread, while it trained. */
  readonly longestFrameMs: number;
}

export interface Pages {
  /** Undefined where there is none that is to be measured. */
  readonly gpu: { readonly description: string; readonly software: boolean } | undefined;
  open(label: string, setup: Omit<PageSetup, 'images' | 'labels'>): Promise<PageContender>;
  close(): Promise<void>;
}

interface PageContender extends Contender {
  /** Of a participant. */
  readonly opening: Opening | undefined;
  /**
   * Of the page's own thread, in a slice of a participant: the page is drawn all the time, which
   * takes time from training.
   */
  longestFrameMs(seconds: number): Promise<number>;
}

/** Of a participant and bare steps, for each round of all. */
const PAIRS = 4;
/** What a GPU that is emulated on the CPU gets through in reasonable time. */
const smallNetworks: readonly NetworkName[] = ['lenet5', 'mlp'];
const SOFTWARE_GPU = '--use-webgpu-adapter=swiftshader';

declare const page: TrainingPage;

/** @throws BenchError when there is no Chromium. */
export async function openPages(quick: boolean): Promise<Pages> {
  const executablePath = requires(CHROMIUM);
  if (executablePath === undefined) {
    throw new BenchError('bench: there is no Chromium', { hint: CHROMIUM.install });
  }
  const server = await servePages();
  const address = `${server.resolvedUrls?.local[0]}page.html`;
  const launch = (...args: readonly string[]) =>
    // A sandbox of its own needs rights that a container's root does not have.
    chromium.launch({ executablePath, args: ['--no-sandbox', '--enable-unsafe-webgpu', ...args] });
  let browser = await launch();
  let gpu = quick ? undefined : await adapterOf(browser, address);
  if (gpu === undefined && !quick) {
    await browser.close();
    browser = await launch(SOFTWARE_GPU);
    gpu = await adapterOf(browser, address);
  }
  return {
    gpu,
    async open(label, setup) {
      const tab = await openPage(browser, address);
      const { images, labels } = await realImages(imageShapeOf(setup.network));
      const data = { images: textOf(images), labels: textOf(labels) };
      const opening = await tab.evaluate((given) => page.start(given), { ...setup, ...data });
      return {
        label,
        opening,
        async longestFrameMs(seconds) {
          await tab.bringToFront();
          return tab.evaluate((time) => page.watchedSlice(time), seconds);
        },
        async slice(seconds) {
          // A page that is not seen draws nothing.
          await tab.bringToFront();
          const { runs, seconds: passed, last } = await tab.evaluate((time) => page.slice(time), seconds);
          if (!Number.isFinite(last)) throw new BenchError(`bench: ${label} diverged: its loss is ${last}`);
          return (runs * setup.batchSize) / passed;
        },
        close: () => tab.close(),
      };
    },
    async close() {
      await browser.close();
      await server.close();
    },
  };
}

export async function measureBrowser(
  pages: Pages,
  network: NetworkName,
  options: StepsOptions,
): Promise<BrowserResult> {
  const { batchSize, pyTorches, rounds, sliceSeconds } = options;
  const contenders: Contender[] = [];
  try {
    contenders.push(await ourContender('native', ['training', network, batchSize, 2]));
    const wasm = { network, batchSize, device: 'wasm', participant: false } as const;
    contenders.push(await pages.open('WebAssembly, 1 thread', { ...wasm, threads: 1 }));
    const bare = await pages.open('WebAssembly, 2 threads', { ...wasm, threads: 2 });
    contenders.push(bare);
    const participant = await pages.open('a participant, 2 threads', {
      ...wasm,
      threads: 2,
      participant: true,
    });
    contenders.push(participant);
    if (pages.gpu !== undefined && (!pages.gpu.software || smallNetworks.includes(network))) {
      const label = `WebGPU (${pages.gpu.description})`;
      contenders.push(await pages.open(label, { ...wasm, device: 'webgpu', threads: 1 }));
    }
    const ours = contenders.length;
    for (const pyTorch of pyTorches) contenders.push(...(await fastVariants(pyTorch, network, 2, options)));
    const samples = (await inTurns(contenders, rounds, sliceSeconds)).map(sampleOf);
    const [native, ...others] = samples as [Sample, ...Sample[]];
    const [alone = [], taking = []] = await inTurns([bare, participant], PAIRS * rounds, sliceSeconds);
    return {
      network,
      batchSize,
      rows: contenders.slice(1, ours).map(({ label }, index) => ({
        label,
        imagesPerSecond: others[index] as Sample,
      })),
      native,
      pyTorch: samples.slice(ours).sort((a, b) => b.median - a.median)[0],
      participant: {
        toSteps: quantile(
          taking.map((rate, pair) => rate / (alone[pair] as number)),
          0.5,
        ),
        longestFrameMs: await participant.longestFrameMs(rounds * sliceSeconds),
        ...(participant.opening as Opening),
      },
    };
  } finally {
    await Promise.all(contenders.map((contender) => contender.close()));
  }
}

async function servePages(): Promise<ViteDevServer> {
  const server = await createServer({
    configFile: false,
    root: fileURLToPath(new URL('.', import.meta.url)),
    // Its WebAssembly lies beside its script.
    optimizeDeps: { exclude: ['onnxruntime-web'] },
    logLevel: 'error',
    server: {
      host: 'localhost',
      port: 0,
      hmr: false,
      watch: null,
      fs: { allow: [fileURLToPath(new URL('..', import.meta.url))] },
      headers: {
        'Cross-Origin-Opener-Policy': 'same-origin',
        'Cross-Origin-Embedder-Policy': 'require-corp',
      },
    },
  });
  return server.listen();
}

async function openPage(browser: Browser, address: string): Promise<Page> {
  const tab = await browser.newPage();
  const failure = new Promise<never>((_, reject) => {
    tab.once('pageerror', (error) => reject(new BenchError(`bench: the page fails: ${error.message}`)));
  });
  failure.catch(() => {});
  await tab.goto(address);
  await Promise.race([tab.waitForFunction(() => 'page' in globalThis), failure]);
  return tab;
}

async function adapterOf(browser: Browser, address: string) {
  const tab = await openPage(browser, address);
  const adapter = await tab.evaluate(() => page.adapter());
  await tab.close();
  return adapter;
}

const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
