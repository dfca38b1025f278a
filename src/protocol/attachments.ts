/**
 * What travels beside an update or a model, by the name of its method
 * (`federation/methods/method.ts`).
 */
import { z } from 'zod';
import { blobSchema, sha256Schema } from './blob-name.js';

/** Fit for a file's name. */
export const ATTACHMENT_NAME = /^[a-z][a-z0-9-]{0,39}$/;

export const attachmentNameSchema = z
  .string()
  .regex(ATTACHMENT_NAME)
  .meta({ form: 'a name of lower-case letters, digits and hyphens' });
const MOST = 16;
const few = (record: Readonly<Record<string, unknown>>) => Object.keys(record).length <= MOST;
const tooMany = `expected at most ${MOST} attachments`;

/** As a message names them. */
export const attachedBlobsSchema = z.record(attachmentNameSchema, blobSchema).refine(few, tooMany);
/** As the journal does. */
export const attachedHashesSchema = z.record(attachmentNameSchema, sha256Schema).refine(few, tooMany);

/** As a description lists those that updates carry. */
export const attachmentNamesSchema = z.array(attachmentNameSchema).max(MOST);
