/**
 * ONNX Runtime leaves its thread without subnormal numbers. Files that share a process are checked
 * for that: a file that runs it here, and not in a thread of its own, would change the arithmetic
 * of the files after it.
 */
import { afterAll, expect } from 'vitest';

const smallest = Float64Array.of(2 ** -1074);

afterAll(() => {
  const half = (smallest[0] as number) * 0.75;
  expect(half, 'ONNX Runtime ran in this process: the file belongs to a project with "isolate"').toBe(
    2 ** -1074,
  );
});
