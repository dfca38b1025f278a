/**
 * The values that stay inside the engine from one training step to the next. It is a module of its
 * own, so that a thread that only trains need not load the compiler of plans.
 */
import type { Plan } from './plan.js';

/** Which outputs of the training model are inputs of its next run. */
export function carryOf({ slotCount }: Pick<Plan, 'slotCount'>): Readonly<Record<string, string>> {
  const slots = Array.from({ length: slotCount }, (_, index) => [`nextSlot${index}`, `slot${index}`]);
  return { nextState: 'state', ...Object.fromEntries(slots) };
}
