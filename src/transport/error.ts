import { CommonweightError } from '../tensor/error.js';

/** A channel cannot be opened, or what came through it is not what it should be. */
export class TransportError extends CommonweightError {}

/** Another coordinator has taken over: this one may decide nothing any more. */
export class FencedError extends TransportError {}
