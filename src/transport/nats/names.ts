/**
 * The names of subjects, keys and stores on a NATS server, and the size limits of what they hold.
 * Subjects and keys carry the job and the participant as tokens of their own. So the permissions of
 * an account can say who may speak for whom; docs/nats.md lists them.
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

/** The job that participants find who name none. */
export const CURRENT_KEY = 'current';
export const descriptionKey = (job: string) => `${job}.description`;
/** Who leads, and the current assignment: one key, so that one compare-and-set decides on both. */
export const stateKey = (job: string) => `${job}.state`;
export const leaderKey = (job: string) => `${job}.leader`;
export const participantKey = (job: string, token: string) => `${job}.participant.${token}`;

export const announcementSubject = (job: string, token: string, type: string, round: number | string) =>
  `commonweight.${job}.announce.${token}.${type}.${round}`;
/** One for each (participant, type, round): the server holds one message at most for it. */
export const subjectOf = (job: string, token: string, announcement: Announcement) =>
  announcementSubject(job, token, announcement.type, 'round' in announcement ? announcement.round : 0);
export const receiptSubject = (job: string, token: string) => `commonweight.${job}.receipt.${token}`;
export const progressSubject = (job: string, token: string) => `commonweight.${job}.progress.${token}`;
export const blobSubject = (job: string, token: string) => `commonweight.${job}.blob.${token}`;
export const objectName = (job: string, sha256: string) => `${job}.${sha256}`;

/** By which a bucket's key is written, and heard. */
export const kvSubject = (bucket: string, key: string) => `$KV.${bucket}.${key}`;

/**
 * Whether an answer to this participant may go there: to its own inbox, or by way of the server to
 * an account of its own. Anywhere else, we would say for it what it may not say itself.
 */
export const isReplyTo = (token: string, subject: string | undefined) =>
  subject !== undefined && (subject.startsWith(`_INBOX_${token}.`) || subject.startsWith('_R_.'));

/**
 * A participant's name as a token: itself, or its hash where it has other characters than subjects
 * and buckets allow.
 */
export const tokenOf = (name: string) =>
  /^[A-Za-z0-9-][\w-]{0,63}$/.test(name)
    ? name
    : `_${createHash('sha256').update(canonicalName(name)).digest('hex').slice(0, 32)}`;
