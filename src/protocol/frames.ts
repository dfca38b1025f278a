/**
 * What goes over the hub's WebSocket: JSON texts, each of one schema. The token is in the list of subprotocols, for a page in
 * a browser can set no header: "commonweight.2, token.<base64url>". So the request for the connection is the greeting, and
 * the first frame is the hub's. What is refused is told by a frame, which a page can read, and a status not.
 */
import { z } from 'zod';
import { participantNameSchema, sentenceSchema } from '../base/text.js';
import { announcementSchema, progressSchema, receiptSchema } from './announcement.js';
import { heartbeatMsSchema } from './heartbeat.js';
import { signedSchema } from './signed.js';
import { PROTOCOL_VERSION } from './version.js';

const FAMILY = 'commonweight.';
const TOKEN = 'token.';

/** By whom it is offered that only wants to watch: a participant's token then takes no place. */
const WATCH = 'watch';

/** What somebody offers who takes part, or who watches. */
export const subprotocols = (token: string, purpose?: 'watch') => [
  `${FAMILY}${PROTOCOL_VERSION}`,
  `${TOKEN}${token}`,
  ...(purpose === 'watch' ? [WATCH] : []),
];

/** What was offered; `name` is the one to agree on, also where its version is another: else nothing could be told. */
export function readSubprotocols(offered: Iterable<string>) {
  const all = [...offered];
  const name = all.find((each) => each.startsWith(FAMILY));
  return {
    name,
    version: name?.slice(FAMILY.length),
    token: all.find((each) => each.startsWith(TOKEN))?.slice(TOKEN.length),
    watches: all.includes(WATCH),
  };
}

/** Where WebSockets are opened. */
export const MESSAGES_PATH = '/messages';

const id = z.int().nonnegative();

export const participantFrameSchema = z.discriminatedUnion('type', [
  /** Answered by the receipt with its id. */
  z.strictObject({ type: z.literal('announcement'), id, announcement: announcementSchema }),
  z.strictObject({ type: z.literal('progress'), progress: progressSchema }),
  z.strictObject({ type: z.literal('pong') }),
]);

export const refusalReasonSchema = z.enum([
  /** Nothing of these becomes better by trying again. */
  'version',
  'token',
  'role',
  'not-expected',
  'replaced',
  /** Another process of this participant is there, at another address, and answers. */
  'in-use',
  'bad-frame',
  /** This may. */
  'too-fast',
]);

export const hubFrameSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('welcome'),
    /** Whose token it is. */
    participant: participantNameSchema,
    /** A `description`; see `signed.ts`. */
    description: signedSchema,
    /** So often something comes, a ping at least. */
    heartbeatMs: heartbeatMsSchema,
  }),
  z.strictObject({ type: z.literal('assignment'), assignment: signedSchema }),
  z.strictObject({ type: z.literal('receipt'), id, receipt: receiptSchema }),
  /** The greeting of an observer (`view.ts`): of that role is the token. */
  z.object({ type: z.literal('overview') }),
  /** The last frame of a connection. Every version of the protocol can read it. */
  z.object({
    type: z.literal('refused'),
    reason: refusalReasonSchema,
    message: sentenceSchema(2000),
    hint: sentenceSchema(2000).optional(),
  }),
  z.strictObject({ type: z.literal('ping') }),
]);

export type ParticipantFrame = z.output<typeof participantFrameSchema>;
export type HubFrame = z.output<typeof hubFrameSchema>;
export type RefusalReason = z.output<typeof refusalReasonSchema>;
