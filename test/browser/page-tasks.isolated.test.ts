import { describe, expect, it, vi } from 'vitest';
import { type PageRuntime, pageTasks } from '../../src/browser.js';
import { TrainingError } from '../../src/training/error.js';
import { describeTaskRunner, setup, task } from '../../src/training/threads/task-runner.contract.js';

describeTaskRunner((setup) => pageTasks(setup, { device: 'wasm', threads: 2 }));

const script = (text: string) => URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));

/** A worker of a browser with a GPU that is no software, and gives no device. */
class WorkerWithBrokenGpu extends Worker {
  constructor(url: string | URL, options?: WorkerOptions) {
    const gpu = `{
      requestAdapter: async () => ({
        info: { vendor: 'acme', architecture: 'wooden' },
        features: new Set(), limits: {},
        requestDevice: async () => { throw new Error('no device'); },
      }),
    }`;
    const broken = script(`Object.defineProperty(navigator, 'gpu', { value: ${gpu} });`);
    super(script(`import '${broken}'; import '${new URL(url, location.href)}';`), options);
  }
}

describe('tasks in a page that is cross-origin isolated', () => {
  it('have the threads that are asked for, and say what computes', async () => {
    const tasks = await pageTasks(setup, { threads: 2 });
    // A GPU that is emulated is not taken.
    expect(tasks).toMatchObject({ device: 'wasm', threads: 2, notice: undefined });
    expect(tasks.runtime).toMatch(/^onnxruntime-web \d+\.\d+\.\d+$/);
    tasks.close();
  });

  it('are given a plan that is cut for the runtime, and train on a GPU where one is asked for', async () => {
    const cuts: number[] = [];
    const cut = ({ partBytes }: PageRuntime) => {
      cuts.push(partBytes);
      return setup;
    };
    (await pageTasks(cut, { threads: 2 })).close();
    const tasks = await pageTasks(cut, { device: 'webgpu' });
    expect(cuts).toEqual([10 * 2 ** 20, Number.POSITIVE_INFINITY]);
    expect(tasks.device).toMatch(/^webgpu \(.+\)$/);
    expect((await tasks.train(task(1))).steps).toBe(4);
    tasks.close();
  });

  it('fall back to WebAssembly where the GPU cannot open the network, and say so', async () => {
    vi.stubGlobal('Worker', WorkerWithBrokenGpu);
    const tasks = await pageTasks(setup, { threads: 1 }).finally(() => vi.unstubAllGlobals());
    expect(tasks.device).toBe('wasm');
    expect(tasks.notice).toMatch(
      /^webgpu \(acme, wooden\) cannot open this network, so WebAssembly does the work: .*the engine gives no reason$/,
    );
    expect((await tasks.train(task(1))).steps).toBe(4);
    tasks.close();
  });

  it('say before they begin what the browser has not, and what to choose', async () => {
    const threads = navigator.hardwareConcurrency + 1;
    const refused = pageTasks(setup, { device: 'wasm', threads });
    await expect(refused).rejects.toBeInstanceOf(TrainingError);
    await expect(refused).rejects.toMatchObject({
      message: expect.stringContaining(`${threads} threads are requested`),
      hint: expect.stringContaining('choose 1'),
    });
  });

  it('say that a network cannot be opened', async () => {
    const plan = { ...setup.plan, trainingModel: Uint8Array.of(1, 2, 3) };
    await expect(pageTasks({ ...setup, plan }, { device: 'wasm' })).rejects.toThrow(
      'runtime: the model cannot be opened',
    );
  });
});
