/**
 * A participant's memory of its data: a digest in its own folder, which never leaves it. If the
 * data differ at the next start, the participant says so, and tells the coordinator only that they
 * differ.
 */
import { z } from 'zod';
import { sha256Schema } from '../../protocol/blob-name.js';
import { dataDigest } from '../record/data-digest.js';
import { decodeRecord, encodeRecord } from './kept/json-record.js';
import type { ParticipantFolder } from './kept/participant-files.js';
import type { OwnData } from './own-data.js';

const RECORD = 'data.json';

const recordSchema = z.strictObject({ job: z.string(), participant: z.string(), sha256: sha256Schema });

export interface OwnDataRecord {
  /** The participant took part in this federation before, with other data. */
  readonly changed: boolean;
  /** Records the present data, once the coordinator knows of them. */
  keep(): Promise<void>;
}

export async function ownDataRecord(
  folder: ParticipantFolder,
  of: { readonly job: string; readonly participant: string },
  { dataset, share }: OwnData,
): Promise<OwnDataRecord> {
  const { job, participant } = of;
  const sha256 = await dataDigest(dataset, share.train, share.validation);
  const before = decodeRecord(recordSchema, await folder.read(RECORD));
  const known = before?.job === job && before.participant === participant ? before.sha256 : undefined;
  return {
    changed: known !== undefined && known !== sha256,
    async keep() {
      if (known === sha256) return;
      await folder.write(RECORD, encodeRecord({ job, participant, sha256 }));
    },
  };
}
