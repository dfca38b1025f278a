/**
 * One memory budget for the buffers of all transfers. A few files get large buffers, hundreds get
 * small ones, and small ones are enough to go on.
 */
export interface BufferBudget {
  /** The size of the buffer for a file that is opened now, in bytes. */
  take(): number;
  /** Returns the buffer of a file that is closed. */
  release(): void;
}

const totalBytes = 2 ** 23;
const [leastBytes, mostBytes] = [2 ** 16, 2 ** 20];

export function bufferBudget(): BufferBudget {
  let open = 0;
  return {
    take() {
      open++;
      return Math.max(leastBytes, Math.min(mostBytes, Math.floor(totalBytes / open)));
    },
    release() {
      open--;
    },
  };
}
