/**
 * Asked between two steps of long work; when it says no, the work is given up. Where the word comes by message, it answers
 * after a turn of the event loop.
 */
export type KeepGoing = () => boolean | Promise<boolean>;
