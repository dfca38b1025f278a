/**
 * The hash of a description: everything that an owner agrees to, in 64 digits. It differs from the
 * hash of the plan, which covers how a step is computed, but not rounds, merging or the other
 * participants.
 *
 * It is the SHA-256 of the canonical JSON (RFC 8785) of the description, without the name of the
 * run, the file in which the plan is offered, and the coordinator's version of this package. So it
 * is known before the run begins, and is the same for every run of these settings.
 */
import { canonicalJson } from '../base/canonical-json.js';
import { sha256HexNow } from '../base/sha256.js';
import type { Description } from './description.js';

export function descriptionHash(description: Description): string {
  const agreed = { ...description, job: undefined, foreignPlan: undefined, commonweight: undefined };
  return sha256HexNow(canonicalJson(agreed));
}
