/**
 * What the updates of a round began with, as files. After round 1 it is a model that lies there
 * anyway. What round 1 begins with is made by each participant itself: here it is written when it
 * is asked for, and removed when the round is closed. Node only.
 */
import { rm } from 'node:fs/promises';
import { encodeSafetensors } from '../../../tensor/safetensors.js';
import type { FederationPlan } from '../../plan/plan-parts.js';
import { writeResult } from '../../record/write-result.js';

export interface StartFiles {
  /** Undefined where each participant began with weights of its own. */
  common(): Promise<string | undefined>;
  /** A participant's; left out where it is more than is ever held in memory. */
  readonly of: ((participant: string) => Promise<string>) | undefined;
  remove(): Promise<void>;
}

/**
 * @param folder of the run
 * @param file the model that everybody began with, where there is one in a file
 */
export function startFiles(
  folder: string,
  plan: Pick<FederationPlan, 'initialState' | 'startsApart'>,
  file: (() => Promise<string>) | undefined,
): StartFiles {
  const written = new Map<string, Promise<string>>();
  const once = (key: string, make: () => Promise<string>) => {
    const path = written.get(key) ?? make();
    written.set(key, path);
    return path;
  };
  const initial = (participant: string) => {
    const name = `models/start-${written.size}.safetensors.part`;
    return writeResult(folder, name, encodeSafetensors(plan.initialState(participant)));
  };
  const apart = file === undefined && plan.startsApart;
  const shared = () => once('', file ?? (() => initial('')));
  return {
    common: async () => (apart ? undefined : shared()),
    of: (participant) => (apart ? once(participant, () => initial(participant)) : shared()),
    async remove() {
      if (file !== undefined) return;
      for (const path of written.values()) await rm(await path, { force: true });
    },
  };
}
