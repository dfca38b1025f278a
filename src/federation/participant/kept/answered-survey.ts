/**
 * A participant's memory of the survey that it answered. The difference of two answers may tell
 * about single rows, so there is one answer for each federation: the same question gets the same
 * bytes again, and another question is refused. What was asked is known by its digest.
 *
 *     survey-JOB.json           the digest of what was asked, SHA-256 of the answer
 *     survey-JOB.safetensors    the answer
 */
import { z } from 'zod';
import { sha256Hex } from '../../../base/sha256.js';
import { sha256Schema } from '../../../protocol/blob-name.js';
import { FederationError } from '../../error.js';
import { decodeRecord, encodeRecord } from './json-record.js';
import type { ParticipantFolder } from './participant-files.js';

type Bytes = Uint8Array<ArrayBuffer>;

/** The participant does not answer: it answered something else before. */
export class SurveyRefusedError extends FederationError {
  override readonly name = 'SurveyRefusedError';
}

export interface AnsweredSurvey {
  /**
   * The answer to this question: the one that was given before, or a new one, which is kept.
   * @param asked the digest of the question
   * @throws SurveyRefusedError when another question was answered, or the answer would differ
   */
  answer(asked: string, compute: () => Promise<Bytes>): Promise<Bytes>;
}

const recordSchema = z.strictObject({ participant: z.string(), asked: sha256Schema, answer: sha256Schema });
type SurveyRecord = z.output<typeof recordSchema>;

/** @param folder without one, answers are remembered until the process ends */
export function answeredSurvey(
  folder: Pick<ParticipantFolder, 'name' | 'read' | 'write'> | undefined,
  { job, participant }: { readonly job: string; readonly participant: string },
): AnsweredSurvey {
  const [record, file] = [`survey-${job}.json`, `survey-${job}.safetensors`];
  const inMemory = new Map<string, Bytes>();
  const read = async (name: string) => (folder ? await folder.read(name) : inMemory.get(name));
  const write = async (name: string, bytes: Bytes) => {
    if (folder) await folder.write(name, bytes);
    else inMemory.set(name, bytes);
  };
  const who = `federation: "${participant}" answered a survey of this federation before`;
  const hint = `join from a folder of its own, if its owner agrees to a second answer; ${
    folder ? `the first one is kept in ${folder.name}` : 'the first one is remembered by this process'
  }`;
  return {
    async answer(asked, compute) {
      const before = decodeRecord(recordSchema, await read(record));
      const known = before?.participant === participant ? before : undefined;
      if (known !== undefined && known.asked !== asked) {
        throw new SurveyRefusedError(
          `${who} and is asked another one now: the digest of the question is ${asked.slice(0, 12)}…, expected ${known.asked.slice(0, 12)}…, since two answers tell more than one`,
          { hint },
        );
      }
      const kept = known && (await read(file));
      if (kept !== undefined && (await sha256Hex(kept)) === known?.answer) return kept;
      const bytes = await compute();
      const answer = await sha256Hex(bytes);
      if (known !== undefined && known.answer !== answer) {
        throw new SurveyRefusedError(
          `${who}, but the answer that it gave is gone, and its data give another one now: its SHA-256 is ${answer.slice(0, 12)}…, expected ${known.answer.slice(0, 12)}…`,
          { hint },
        );
      }
      await write(file, bytes);
      await write(record, encodeRecord({ participant, asked, answer } satisfies SurveyRecord));
      return bytes;
    },
  };
}
