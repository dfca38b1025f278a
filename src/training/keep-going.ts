/**
 * Called between two steps of long work: false gives the work up. It is asynchronous if the answer
 * comes by a message, after a turn of the event loop.
 */
export type KeepGoing = () => boolean | Promise<boolean>;
