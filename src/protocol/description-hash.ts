/**
 * The hash of a description: what an owner agrees to, in 64 digits. It is apart from that of the
 * plan, which says how a step is computed, but nothing of rounds, merging or who else takes part.
 *
 * It is the SHA-256 of the canonical JSON (RFC 8785) of the description, without what is not agreed
 * on: the name of the run, the file in which the plan is offered, and the coordinator's version of
 * this package. So it is known before the run begins, and the same for every run of these settings.
 */
import { canonicalJson } from '../base/canonical-json.js';
import { sha256HexNow } from '../base/sha256.js';
import type { Description } from './description.js';

export function descriptionHash(description: Description): string {
  const agreed = { ...description, job: undefined, foreignPlan: undefined, commonweight: undefined };
  return sha256HexNow(canonicalJson(agreed));
}
