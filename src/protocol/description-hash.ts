/**
 * The hash of a description: what an owner agrees to, in 64 digits that can be told over the telephone. It is apart from that
 * of the plan, which says how a step is computed, but nothing of rounds, merging or who else takes part.
 *
 * SHA-256 of the canonical JSON (RFC 8785) of the description, without what is not agreed on: the name of the run, the file in
 * which the plan is offered, and the coordinator's version of this package. So it can be known before the run begins, and is
 * the same for every run of these settings.
 */
import { canonicalJson } from '../base/canonical-json.js';
import { sha256HexNow } from '../base/sha256.js';
import type { Description } from './description.js';

export function descriptionHash(description: Description): string {
  const agreed = { ...description, job: undefined, foreignPlan: undefined, commonweight: undefined };
  return sha256HexNow(canonicalJson(agreed));
}
