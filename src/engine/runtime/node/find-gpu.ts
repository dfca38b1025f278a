/**
 * Finds the GPU of a machine, and asks it for memory, in a process of its own. Linux only: there
 * the kernel says which device a driver has opened.
 */
import { fork } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { GpuAdapter } from '../gpu-adapter.js';
import { RuntimeError } from '../runtime.js';
import { nativeOrt } from './ort-node.js';

/** What the process sends. */
export type GpuAnswer =
  | { readonly adapter: GpuAdapter }
  /** So far. */
  | { readonly granted: number }
  | { readonly failed: string };

/** Drivers start in a second, even one on the CPU. */
const TIMEOUT_MS = 60_000;

/** The device on which a participant computes; by itself on a GPU, where there is one. */
export type NodeDevice = 'auto' | 'cpu' | 'webgpu';
export const nodeDevices: readonly NodeDevice[] = ['auto', 'cpu', 'webgpu'];

/**
 * Undefined for the CPU. A GPU that computes on the CPU is taken only when one is requested.
 * @throws RuntimeError when a GPU is requested and there is none
 */
export async function chooseGpu(device: NodeDevice): Promise<GpuAdapter | undefined> {
  if (device === 'cpu' || (device === 'auto' && !hasDeviceFile())) return undefined;
  const { adapter, failed } = await askGpu(0);
  if (device === 'auto') return adapter?.software === false ? adapter : undefined;
  if (adapter !== undefined) return adapter;
  throw new RuntimeError(`runtime: WebGPU is requested, but there is no adapter: ${failed}`, {
    hint: 'install the Vulkan driver of the GPU and libvulkan1, or choose the device "cpu"',
  });
}

/** Asks the GPU for so much memory, all at once: what it has given of it, at most that much. */
export async function grantedByGpu(bytes: number): Promise<number> {
  const { granted = 0 } = await askGpu(bytes);
  return Math.min(granted, bytes);
}

interface Asked {
  readonly adapter?: GpuAdapter;
  readonly granted?: number;
  readonly failed: string;
}

function askGpu(bytes: number): Promise<Asked> {
  const bundled = nativeOrt.listSupportedBackends().some(({ name }) => name === 'webgpu');
  const { platform, arch } = process;
  if (!bundled || platform !== 'linux') {
    return Promise.resolve({ failed: `it is supported on Linux x64, and this is ${platform} ${arch}` });
  }
  return new Promise((resolve) => {
    const asking = fork(createRequire(import.meta.url).resolve('#gpu'), [String(bytes)], {
      ...{ execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'], timeout: TIMEOUT_MS },
    });
    let heard: Asked = { failed: '' };
    asking.on('message', (answer: GpuAnswer) => {
      heard = { ...heard, ...('failed' in answer ? { failed: reasonIn(answer.failed) } : answer) };
    });
    asking.on('error', ({ message }) => resolve({ ...heard, failed: message }));
    asking.on('close', (code, signal) => {
      resolve({ ...heard, failed: heard.failed || `the driver ended with ${signal ?? `status ${code}`}` });
    });
  });
}

/** The engine puts the place in its source before the reason. */
const reasonIn = (message: string) =>
  message
    .trim()
    .split('\n')[0]
    ?.replace(/^.* was false\. /, '') ?? message;

function hasDeviceFile(): boolean {
  const named = (folder: string, pattern: RegExp) => {
    try {
      return readdirSync(folder).some((name) => pattern.test(name));
    } catch {
      return false;
    }
  };
  return named('/dev/dri', /^renderD\d+$/) || named('/dev', /^nvidia\d+$/);
}
