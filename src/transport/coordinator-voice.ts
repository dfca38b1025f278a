/**
 * Decides which statements a participant accepts from its coordinator: those that its key signed,
 * about its job, and not older than the last one. All others are ignored, and the participant waits
 * for the next. An attacker on the way can keep it waiting, but cannot speak for the coordinator.
 */
import { z } from 'zod';
import { type Assignment, isEarlier } from '../protocol/assignment.js';
import { readSigned, type Signed, type StatementKind } from '../protocol/signed.js';
import { PROTOCOL_VERSION } from '../protocol/version.js';
import { TransportError } from './error.js';
import { rarely } from './rarely.js';

/** The coordinator that a participant trusts. */
export interface CoordinatorTrust {
  /**
   * The coordinator's public key, as the coordinator prints it. Without it, the key of the first
   * description is taken.
   */
  readonly coordinatorKey?: string | undefined;
  /** Told in words of an ignored statement: of the first, then more and more rarely. */
  readonly onLeftOut?: ((what: string) => void) | undefined;
}

export interface CoordinatorVoice {
  /** Whether the key was given, and not taken from the first description. */
  readonly isGiven: boolean;
  /**
   * Reads a description. Its key and job are the coordinator's from then on.
   * @throws OtherKeyError when another key signed it; SpoiledError when the signature is wrong;
   *   TransportError when it is right, but for another version of the protocol
   */
  meet<Value>(signed: Signed, kind: StatementKind, schema: z.ZodType<Value>): Value;
  /** The statement; undefined if it must be ignored. */
  hear<Value>(signed: Signed, kind: StatementKind, schema: z.ZodType<Value>): Value | undefined;
  /** Whether the assignment is not older than the newest so far. If so, it becomes the newest. */
  isCurrent(assignment: Assignment): boolean;
  leaveOut(problem: string): void;
}

/** Another coordinator, or somebody who poses as one. */
export class OtherKeyError extends TransportError {}

/** A statement is not signed by the coordinator, or cannot be read. */
export class SpoiledError extends TransportError {}

/** @throws TransportError when the given key cannot be a key */
export function coordinatorVoice({ coordinatorKey, onLeftOut }: CoordinatorTrust): CoordinatorVoice {
  let key = coordinatorKey === undefined ? undefined : keyOf(coordinatorKey);
  let job: string | undefined;
  let newest: Assignment | undefined;
  const leaveOut = rarely(onLeftOut);
  return {
    isGiven: coordinatorKey !== undefined,
    meet(signed, kind, schema) {
      if (key !== undefined && signed.key !== key) throw otherKey(signed.key, key);
      const read = readSigned(signed, { kind, schema, key });
      if ('problem' in read) {
        throw (
          otherVersion(signed, kind, key) ??
          new SpoiledError(`transport: the description ${read.problem}`, SPOILED)
        );
      }
      key ??= signed.key;
      job = read.job;
      return read.value;
    },
    hear(signed, kind, schema) {
      const read = readSigned(signed, { kind, schema, key, job });
      if (!('problem' in read)) return read.value;
      leaveOut(`an assignment ${read.problem}`);
      return undefined;
    },
    isCurrent(assignment) {
      if (newest !== undefined && isEarlier(assignment, newest)) {
        leaveOut(`an assignment is older than the one before`);
        return false;
      }
      newest = assignment;
      return true;
    },
    leaveOut,
  };
}

export const SPOILED = {
  hint: 'somebody has changed it on the way; or one end is another version: use one version of commonweight everywhere',
};

const otherKey = (got: string, expected: string) =>
  new OtherKeyError(`transport: the coordinator's key is ${got}, expected ${expected}`, {
    hint: 'this is another coordinator, or somebody who poses as it: ask the operator for the key',
  });

/** The field that every version of a description has. */
const versionSchema = z.looseObject({ description: z.looseObject({ protocol: z.int().positive() }) });

function otherVersion(
  signed: Signed,
  kind: StatementKind,
  key: string | undefined,
): TransportError | undefined {
  const read = readSigned(signed, { kind, schema: versionSchema, key });
  if ('problem' in read || read.value.description.protocol === PROTOCOL_VERSION) return undefined;
  return new TransportError(
    `transport: the coordinator speaks version ${read.value.description.protocol} of the protocol, expected ${PROTOCOL_VERSION}`,
    { hint: 'use one version of commonweight everywhere' },
  );
}

function keyOf(text: string): string {
  const digits = text.trim().toLowerCase();
  if (/^[0-9a-f]{64}$/.test(digits)) return digits;
  throw new TransportError('transport: this is not a coordinator’s key, expected 64 hexadecimal digits', {
    hint: 'the coordinator prints it as --coordinator-key',
  });
}
