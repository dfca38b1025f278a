/**
 * What the updates of a round began with, as files of plain numbers. After round 1 it is a model
 * that lies there anyway, unless a codec has rounded it. What round 1 begins with is made by each
 * participant itself. Such files are written when they are asked for, and removed when the round is
 * closed. Node only.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeSafetensors } from '../../../tensor/safetensors.js';
import type { StateDict } from '../../../tensor/state-dict.js';
import { decodeCodedModel } from '../../../transforms/codec/coded-file.js';
import { plain } from '../../../transforms/codec/plain.js';
import type { FederationPlan } from '../../plan/plan-parts.js';
import { writeResult } from '../../record/write-result.js';

export interface StartFiles {
  /** Undefined if each participant began with its own weights. */
  common(): Promise<string | undefined>;
  /** A participant's. */
  of(participant: string): Promise<string>;
  remove(): Promise<void>;
}

/**
 * @param folder of the run
 * @param file the model that all participants began with, if it is a file
 */
export function startFiles(
  folder: string,
  plan: Pick<FederationPlan, 'initialState' | 'startsApart' | 'layout' | 'codec'>,
  file: (() => Promise<string>) | undefined,
): StartFiles {
  const written = new Map<string, Promise<string>>();
  const once = (key: string, make: () => Promise<string>) => {
    const path = written.get(key) ?? make();
    written.set(key, path);
    return path;
  };
  const made: string[] = [];
  const write = async (state: StateDict) => {
    const name = `models/start-${made.length}.safetensors.part`;
    made.push(join(folder, name));
    return writeResult(folder, name, encodeSafetensors(state));
  };
  const initial = (participant: string) => write(plan.initialState(participant));
  const inPlain = async (path: string) =>
    plan.codec.model === plain
      ? path
      : write(decodeCodedModel(await readFile(path), plan.layout, plan.codec.model, path));
  const apart = file === undefined && plan.startsApart;
  const shared = () => once('', file ? async () => inPlain(await file()) : () => initial(''));
  return {
    common: async () => (apart ? undefined : shared()),
    of: (participant) => (apart ? once(participant, () => initial(participant)) : shared()),
    async remove() {
      await Promise.allSettled(written.values());
      for (const path of made) await rm(path, { force: true });
    },
  };
}
