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
