/**
 * How much of each file on its way is in memory: one budget for all together. Of few files each has much, of hundreds each has
 * little, and that is enough for them to go on.
 */
export interface BufferBudget {
  /** Of a file that is opened now, in bytes. */
  take(): number;
  /** Of a file that is closed. */
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
