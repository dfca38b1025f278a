/**
 * What stays with the engine from one training step to the next. Apart from the compiler of plans, so that a thread which
 * only trains by them need not load it.
 */
import type { Plan } from './plan.js';

/** Which outputs of the training model are inputs of its next run. */
export function carryOf({ slotCount }: Pick<Plan, 'slotCount'>): Readonly<Record<string, string>> {
  const slots = Array.from({ length: slotCount }, (_, index) => [`nextSlot${index}`, `slot${index}`]);
  return { nextState: 'state', ...Object.fromEntries(slots) };
}
