/**
 * Asks between two steps of long work whether to continue; if not, the work is given up. Where the
 * answer comes by message, it comes after a turn of the event loop.
 */
export type KeepGoing = () => boolean | Promise<boolean>;
