/**
 * Reads a pickle without executing it: the few opcodes of state dicts build a description of inert
 * values. Names of Python that a caller does not allow are refused before anything else is read.
 */
import { type PickleRules, pickleMachine } from './pickle-machine.js';
import { opcodes, PICKLE_END } from './pickle-opcodes.js';
import type { PickleValue } from './pickle-values.js';

/** State dicts take some thirty for each tensor. */
const MOST_STEPS = 4_000_000;

/**
 * The value that the pickle describes.
 * @throws TensorError when it is damaged or does more than state dicts do
 */
export function readPickle(bytes: Uint8Array, rules: PickleRules): PickleValue {
  const machine = pickleMachine(bytes, rules);
  for (let step = 0; step < MOST_STEPS; step++) {
    const opcode = machine.uint(1);
    if (opcode === PICKLE_END) {
      machine.checkEnd();
      return machine.last();
    }
    const run = opcodes.get(opcode);
    if (run === undefined) {
      throw machine.failed(
        `has the opcode 0x${opcode.toString(16).padStart(2, '0')}, which no state dict has`,
      );
    }
    run(machine);
  }
  throw machine.failed(`has more than ${MOST_STEPS} steps`);
}
