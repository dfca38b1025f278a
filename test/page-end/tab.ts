/**
 * A tab of Chromium in whose Web Worker a participant's end of the hub is at work, as a test tells
 * it.
 */
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright';
import { build, type Rolldown } from 'vite';
import type { ParticipantEnd } from '../../src/transport/transport.js';
import { openBrowser } from '../pages/open-browser.js';
import { errorKinds } from './error-kinds.js';
import type { Served } from './gateway.js';
import type { Actions } from './in-worker.js';

declare const ask: (action: string, args: readonly unknown[]) => Promise<Answer>;

interface Answer {
  readonly result?: unknown;
  readonly error?: { readonly message: string; readonly hint?: string; readonly kind: number };
}

export interface Tab {
  readonly page: Page;
  readonly context: BrowserContext;
  /** @throws TransportError, or another Error, as the worker did */
  act<Name extends keyof Actions>(
    name: Name,
    ...args: Parameters<Actions[Name]>
  ): Promise<Awaited<ReturnType<Actions[Name]>>>;
  join(token: string, coordinatorKey?: string): Promise<ParticipantEnd>;
  reload(): Promise<void>;
  close(): Promise<void>;
}

const PAGE = `<!doctype html><title>a tab</title><script>
  const worker = new Worker('worker.js', { type: 'module' });
  const waiting = new Map();
  let id = 0;
  worker.onmessage = ({ data }) => waiting.get(data.id)(data);
  globalThis.ask = (action, args) => new Promise((done) => {
    waiting.set(++id, done);
    worker.postMessage({ id, action, args });
  });
</script>`;

/** The page and its worker, as a gateway serves them. */
export async function pageFiles(): Promise<Map<string, Served>> {
  // That ONNX Runtime's files take a while is known.
  const quiet = { checks: { bundlerTimings: false } };
  const built = await build({
    configFile: false,
    logLevel: 'warn',
    worker: { rolldownOptions: quiet },
    build: {
      write: false,
      minify: false,
      modulePreload: false,
      rolldownOptions: {
        ...quiet,
        input: join(import.meta.dirname, 'in-worker.ts'),
        external: ['onnxruntime-web'],
        output: { entryFileNames: 'worker.js', chunkFileNames: '[name].js' },
      },
    },
  });
  const { output } = built as Rolldown.RolldownOutput;
  const files = new Map<string, Served>([['', { type: 'text/html', text: PAGE }]]);
  for (const file of output) {
    if (file.type === 'chunk') files.set(file.fileName, { type: 'text/javascript', text: file.code });
  }
  return files;
}

/** hub.test is this machine, by a name of which no browser takes plain HTTP for secure. */
export const launch = () => openBrowser(['--host-resolver-rules=MAP hub.test 127.0.0.1']);

/**
 * In a page that is there already: a new one would be a new process. What it keeps, it keeps by
 * origin, and each gateway has one of its own.
 */
export async function openTab(page: Page, origin: string): Promise<Tab> {
  const context = page.context();
  const open = async () => {
    await page.goto(`${origin}/test/`);
    await page.waitForFunction(() => 'ask' in globalThis);
  };
  await open();
  const tab: Tab = {
    ...{ page, context },
    async act(name, ...args) {
      const answer = await page.evaluate(([action, given]) => ask(action, given), [name, args] as const);
      if (answer.error === undefined) return answer.result as never;
      const { message, hint, kind } = answer.error;
      const Kind = errorKinds[kind] ?? Error;
      throw new Kind(message, hint === undefined ? {} : { hint });
    },
    async join(token, coordinatorKey) {
      const { number, description, coordinator } = await tab.act('join', token, coordinatorKey);
      return {
        ...{ description, coordinator },
        assignments: () => ({ [Symbol.asyncIterator]: () => ({ next: () => tab.act('next', number) }) }),
        announce: (announcement) => tab.act('announce', number, announcement),
        // Nobody waits for it, and the tab may be gone by then.
        tell: (progress) => void tab.act('tell', number, progress).catch(() => undefined),
        upload: (bytes) => tab.act('upload', number, Buffer.from(bytes).toString('base64')),
        download: async (blob) => Buffer.from(await tab.act('download', number, blob), 'base64'),
        close: () => tab.act('close', number),
      };
    },
    reload: open,
    async close() {
      await context.setOffline(false);
      // Its worker ends with it.
      await page.goto('about:blank');
    },
  };
  return tab;
}
