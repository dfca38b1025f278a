/**
 * The names of subjects, keys and stores on a NATS server, and their size limits. In a subject or
 * key, the job and the participant are separate tokens, so that the permissions of an account can
 * limit it to one participant; docs/nats.md lists them.
 */
import { createHash } from 'node:crypto';
import { canonicalName } from '../../base/names.js';
import type { Announcement } from '../../protocol/announcement.js';

/** Key-value buckets; a bucket is the JetStream stream `KV_<bucket>`. */
export const STATE_BUCKET = 'commonweight';
export const PRESENCE_BUCKET = 'commonweight_presence';
/** Announcements that have no receipt yet. */
export const ANNOUNCEMENTS = 'commonweight_announcements';
/** Object stores; one is the stream `OBJ_<bucket>`. */
export const MODELS_BUCKET = 'commonweight_models';
export const uploadsBucket = (token: string) => `commonweight_from_${token}`;

export const ANNOUNCEMENT_BYTES = 256 * 1024;
export const PROGRESS_BYTES = 4 * 1024;
export const BLOB_REQUEST_BYTES = 1024;

/** The key of the job that participants join if they name none. */
export const CURRENT_KEY = 'current';
export const descriptionKey = (job: string) => `${job}.description`;
/** The leader and the current assignment: one key, so that one compare-and-set decides on both. */
export const stateKey = (job: string) => `${job}.state`;
export const leaderKey = (job: string) => `${job}.leader`;
export const participantKey = (job: string, token: string) => `${job}.participant.${token}`;

export const announcementSubject = (job: string, token: string, type: string, round: number | string) =>
  `commonweight.${job}.announce.${token}.${type}.${round}`;
/** A subject for each (participant, type, round): the server holds one message at most for it. */
export const subjectOf = (job: string, token: string, announcement: Announcement) =>
  announcementSubject(job, token, announcement.type, 'round' in announcement ? announcement.round : 0);
export const receiptSubject = (job: string, token: string) => `commonweight.${job}.receipt.${token}`;
export const progressSubject = (job: string, token: string) => `commonweight.${job}.progress.${token}`;
export const blobSubject = (job: string, token: string) => `commonweight.${job}.blob.${token}`;
export const objectName = (job: string, sha256: string) => `${job}.${sha256}`;

/** The subject by which a bucket's key is written and followed. */
export const kvSubject = (bucket: string, key: string) => `$KV.${bucket}.${key}`;

/**
 * Whether an answer to this participant may go to this subject: its own inbox, or the server's
 * mapping of it for another account. To any other subject, it could make us publish what it may not
 * publish itself.
 */
export const isReplyTo = (token: string, subject: string | undefined) =>
  subject !== undefined && (subject.startsWith(`_INBOX_${token}.`) || subject.startsWith('_R_.'));

/**
 * A participant's name as a token: the name itself, or its hash if it has characters that subjects
 * and buckets do not allow.
 */
export const tokenOf = (name: string) =>
  /^[A-Za-z0-9-][\w-]{0,63}$/.test(name)
    ? name
    : `_${createHash('sha256').update(canonicalName(name)).digest('hex').slice(0, 32)}`;
