/** Errors for failures of ONNX Runtime: they name the device and say what to choose instead. */
import { NoMemoryError, RuntimeError } from './runtime.js';

/**
 * How the engine, V8 and the browsers say that memory ran out. On a GPU of Node only the use of the
 * buffer fails that could not be made.
 */
const NO_MEMORY =
  /failed to allocate memory|bad_alloc|out of memory|allocation failed|exceeds? .*buffer size|buffer size .*exceed|OUT_OF_DEVICE_MEMORY|\[Invalid Buffer/i;

/**
 * @param doing "opened" or "run"
 * @param beside the device to choose instead of a GPU
 */
export function engineError(cause: unknown, device: string, doing: string, beside = 'wasm'): RuntimeError {
  const said = cause instanceof Error ? cause.message : String(cause);
  // In a browser, an exception of the engine may be only its address in memory, a number.
  const message = /^\d+$/.test(said) ? 'the engine gives no reason' : said;
  if (!NO_MEMORY.test(message)) {
    return new RuntimeError(`runtime: the model cannot be ${doing}: ${message}`, { cause });
  }
  const bytes = /(?:of size|size:?|size \()\s*(\d{4,})/.exec(message)?.[1];
  const amount = bytes === undefined ? 'the memory' : `${(Number(bytes) / 2 ** 20).toFixed(0)} MiB at once`;
  return new NoMemoryError(
    `runtime: the model cannot be ${doing}: ${device} has no room for ${amount} that it asks for`,
    {
      hint: device.startsWith('webgpu')
        ? `choose a smaller batch or network, or the device "${beside}"`
        : 'choose a smaller batch or network, or fewer workers',
      cause,
    },
  );
}
