/**
 * The native engine copies every output into a new array, even one that it has written into a given
 * array. Two such copies of the state in each step are megabytes of garbage: the collector would be
 * busy beside the step, and each copy would lie in cold memory.
 */

/** A closed port takes what it is sent from the sender, and drops it. */
const { port1: closed } = new MessageChannel();
closed.close();

/**
 * Gives the memory of an array back now. The array has no numbers afterwards.
 * (`ArrayBuffer.prototype.transfer` would do, too, but Node 20 has none.)
 */
export function freeArray({ buffer }: ArrayBufferView): void {
  if (buffer instanceof ArrayBuffer) closed.postMessage(undefined, [buffer]);
}

/** Larger blocks are always mapped by themselves (DEFAULT_MMAP_THRESHOLD_MAX of glibc, 64 bit). */
const MOST_BYTES = 2 ** 25 - 2 ** 16;
let expected = 0;

/**
 * So many bytes will be freed in every step. Where the blocks of a step happen to lie at the end of
 * its heap, glibc would give them back to the system and map them again for the next: as many page
 * faults as pages, which can double the time of a small step. It keeps twice the size of the
 * largest mapped block that was ever freed (mallopt(3), M_MMAP_THRESHOLD); so one is, untouched.
 */
export function expectToFree(bytes: number): void {
  const block = Math.min(bytes, MOST_BYTES);
  if (block <= expected) return;
  expected = block;
  freeArray(new Uint8Array(block));
}
