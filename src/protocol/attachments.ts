/**
 * The names and files of attachments, which travel with an update or a model, by the name of their
 * method (`federation/methods/method.ts`).
 */
import { z } from 'zod';
import { blobSchema, sha256Schema } from './blob-name.js';

/** A name that is valid as part of a file name. */
export const ATTACHMENT_NAME = /^[a-z][a-z0-9-]{0,39}$/;

export const attachmentNameSchema = z
  .string()
  .regex(ATTACHMENT_NAME)
  .meta({ form: 'a name of lower-case letters, digits and hyphens' });
/** The most attachments of an update. */
export const MOST_ATTACHMENTS = 16;
const few = (record: Readonly<Record<string, unknown>>) => Object.keys(record).length <= MOST_ATTACHMENTS;
const tooMany = `expected at most ${MOST_ATTACHMENTS} attachments`;

/** Attachments in a message. */
export const attachedBlobsSchema = z.record(attachmentNameSchema, blobSchema).refine(few, tooMany);
/** Attachments in the journal. */
export const attachedHashesSchema = z.record(attachmentNameSchema, sha256Schema).refine(few, tooMany);

/** The attachments that updates carry, in a description. */
export const attachmentNamesSchema = z.array(attachmentNameSchema).max(MOST_ATTACHMENTS);
