/**
 * Decodes the updates of a round, if they do not travel plain, to files of 32-bit numbers that a
 * merge can read. It decodes one update at a time, beside the state that it began with. The files
 * are removed when the round is closed. Node only.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeSafetensors, encodeSafetensors } from '../../../tensor/safetensors.js';
import { arrangeState, type StateDict } from '../../../tensor/state-dict.js';
import { decodeState } from '../../../transforms/codec/coded-file.js';
import { plain } from '../../../transforms/codec/plain.js';
import type { FederationPlan } from '../../plan/plan-parts.js';
import { writeResult } from '../../record/write-result.js';
import type { UpdateFiles } from './updates-in-files.js';

/** @param folder of the run */
export function decodedFiles(
  files: UpdateFiles,
  { layout, codec: { update: codec } }: Pick<FederationPlan, 'layout' | 'codec'>,
  folder: string,
): UpdateFiles {
  if (codec === plain) return files;
  const nameOf = (place: number) => `updates/decoded-${place}.safetensors.part`;
  let began: { readonly path: string; readonly state: StateDict } | undefined;
  const baseOf = async (participant: string) => {
    const path = await files.starts.of(participant);
    if (began?.path !== path) {
      const { state } = decodeSafetensors(await readFile(path), path);
      began = { path, state: arrangeState(state, layout, path) };
    }
    return began.state;
  };
  return {
    ...files,
    updates: files.updates.map((update, place) => ({ ...update, path: join(folder, nameOf(place)) })),
    async prepare() {
      for (const [place, { participant, path }] of files.updates.entries()) {
        const base = await baseOf(participant);
        const state = decodeState(await readFile(path), layout, base, codec, path);
        await writeResult(folder, nameOf(place), encodeSafetensors(state));
      }
      began = undefined;
    },
    async remove() {
      for (const place of files.updates.keys()) await rm(join(folder, nameOf(place)), { force: true });
      await files.remove();
    },
  };
}
