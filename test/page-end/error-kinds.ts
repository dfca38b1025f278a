/**
 * Errors that arrive from a page as what they were there: the first that fits, an Error where none
 * does.
 */
import { OtherKeyError } from '../../src/transport/coordinator-voice.js';
import { NoBlobError, TransportError } from '../../src/transport/error.js';

export const errorKinds = [NoBlobError, OtherKeyError, TransportError];
