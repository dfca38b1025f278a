/**
 * Decodes the updates of a round, if they do not travel plain, to files of 32-bit numbers that a
 * merge can read. One tensor of one update is in memory at a time, beside what it began with. The
 * files are removed when the round is closed. Node only.
 */
import { type FileHandle, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../../base/node/make-folder.js';
import { turnTaker } from '../../../base/turns.js';
import { countersToI64 } from '../../../tensor/counters.js';
import { formatSafetensorsHeader, type SafetensorsEntry } from '../../../tensor/safetensors-header.js';
import type { TensorEntry } from '../../../tensor/state-dict.js';
import { openTensorFile, type TensorFile } from '../../../tensor/weights/node/safetensors-file.js';
import { readChunk } from '../../../tensor/weights/node/tensor-source.js';
import { type CodedFile, codedEntries, decodedTensors } from '../../../transforms/codec/coded-file.js';
import { plain } from '../../../transforms/codec/plain.js';
import type { FederationPlan } from '../../plan/plan-parts.js';
import { cannotWrite } from '../../record/write-result.js';
import { valuesOfFile } from './columns-of-files.js';
import type { UpdateFiles } from './updates-in-files.js';

type CodedPlan = Pick<FederationPlan, 'layout' | 'codec'>;

/** @param folder of the run */
export function decodedFiles(files: UpdateFiles, plan: CodedPlan, folder: string): UpdateFiles {
  if (plan.codec.update === plain) return files;
  const pathOf = (place: number) => join(folder, `updates/decoded-${place}.safetensors.part`);
  return {
    ...files,
    updates: files.updates.map((update, place) => ({ ...update, path: pathOf(place) })),
    async prepare() {
      await makeFolder(dirname(pathOf(0)));
      for (const [place, { participant, path }] of files.updates.entries()) {
        await decodeFile(path, await files.starts.of(participant), pathOf(place), plan);
      }
    },
    async remove() {
      for (const place of files.updates.keys()) await rm(pathOf(place), { force: true });
      await files.remove();
    },
  };
}

/** @param start the file of the state that the update began with */
async function decodeFile(
  update: string,
  start: string,
  output: string,
  { layout, codec }: CodedPlan,
): Promise<void> {
  const failed = (cause: unknown) => {
    throw cannotWrite(output, cause);
  };
  const takeTurn = turnTaker();
  const entries = new Map(codedEntries(layout, plain).map((entry) => [entry.name, entry]));
  const header = formatSafetensorsHeader([...entries.values()]);
  const opened: TensorFile[] = [];
  const openOne = async (path: string) => {
    const file = await openTensorFile(path);
    opened.push(file);
    return file;
  };
  let written: FileHandle | undefined;
  try {
    const coded = codedFile(await openOne(update));
    const began = await openOne(start);
    written = await open(output, 'w').catch(failed);
    await written.write(header, 0, header.length, 0).catch(failed);
    const base = (tensor: TensorEntry) => valuesOfFile(began, tensor, 0, tensor.size);
    for (const [{ name }, values] of decodedTensors(coded, layout, base, codec.update)) {
      const { dtype, begin } = entries.get(name) as SafetensorsEntry;
      const array = dtype === 'I64' ? countersToI64(values, name) : values;
      await written.write(array, 0, array.byteLength, header.length + begin).catch(failed);
      await takeTurn();
    }
  } finally {
    for (const { handle } of opened) await handle.close();
    await written?.close();
  }
}

function codedFile(file: TensorFile): CodedFile {
  return {
    ...{ name: file.path, entries: file.header.entries },
    read({ name, dtype, begin, end }) {
      const bytes = new Uint8Array(end - begin);
      readChunk(file, { name, dtype, at: 0, bytes: bytes.length }, bytes);
      return bytes.buffer;
    },
  };
}
