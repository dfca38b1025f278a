/**
 * Finds the GPU of a page. TypeScript has no types of WebGPU yet, so the parts in use are declared
 * here.
 */

import type { GpuAdapter } from '../gpu-adapter.js';

interface WebGpu {
  requestAdapter(): Promise<{
    readonly info: {
      readonly vendor: string;
      readonly architecture: string;
      readonly isFallbackAdapter?: boolean;
    };
    readonly isFallbackAdapter?: boolean;
  } | null>;
}

/** The adapter that the browser prefers; undefined if it has none. */
export async function gpuAdapter(): Promise<GpuAdapter | undefined> {
  const gpu = (globalThis.navigator as { readonly gpu?: WebGpu } | undefined)?.gpu;
  const adapter = await gpu?.requestAdapter().catch(() => null);
  if (adapter === null || adapter === undefined) return undefined;
  const { vendor, architecture, isFallbackAdapter } = adapter.info;
  return {
    description: [vendor, architecture].filter((part) => part !== '').join(', ') || 'unnamed',
    software: (isFallbackAdapter ?? adapter.isFallbackAdapter ?? false) || architecture === 'swiftshader',
  };
}
