/**
 * The GPU of the tests: that of the machine, or one in software, SwiftShader, which Debian's
 * chromium brings. Vulkan's loader finds it by a file that names it.
 */
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GpuAdapter } from '../src/engine/runtime/gpu-adapter.js';
import { chooseGpu } from '../src/engine/runtime/node/find-gpu.js';
import { missing } from './requires.js';

const SWIFTSHADER = '/usr/lib/chromium/libvk_swiftshader.so';

/**
 * Undefined where the tests are to be skipped. Call it before anything else uses a GPU.
 * @throws Error with CI=true, when there is none
 */
export async function gpuOfTests(): Promise<GpuAdapter | undefined> {
  if (existsSync(SWIFTSHADER)) {
    const file = join(mkdtempSync(join(tmpdir(), 'vulkan-')), 'swiftshader.json');
    const icd = { library_path: SWIFTSHADER, api_version: '1.1.0' };
    writeFileSync(file, JSON.stringify({ file_format_version: '1.0.0', ICD: icd }));
    process.env.VK_ICD_FILENAMES ??= file;
  }
  const found = await chooseGpu('webgpu').catch((error: Error) => error);
  if (!(found instanceof Error)) return found;
  missing('training on a GPU', found.message, 'apt-get install chromium libvulkan1');
  return undefined;
}
