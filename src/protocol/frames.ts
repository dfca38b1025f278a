/**
 * The frames of the hub's WebSocket: JSON texts, each with a schema. The token is in the list of
 * subprotocols, "commonweight.4, token.<base64url>", since a page in a browser cannot set headers.
 * So the client's request is its greeting, and the hub sends the first frame. A refusal is a frame
 * too, since a page can read a frame but no status.
 */
import { z } from 'zod';
import { participantNameSchema, sentenceSchema } from '../base/text.js';
import { announcementSchema, progressSchema, receiptSchema } from './announcement.js';
import { heartbeatMsSchema } from './heartbeat.js';
import { signedSchema } from './signed.js';
import { PROTOCOL_VERSION } from './version.js';

const FAMILY = 'commonweight.';
const TOKEN = 'token.';

/** Offered by a client that only watches: a participant's token then takes no place. */
const WATCH = 'watch';

/** The subprotocols that a participant or an observer offers. */
export const subprotocols = (token: string, purpose?: 'watch') => [
  `${FAMILY}${PROTOCOL_VERSION}`,
  `${TOKEN}${token}`,
  ...(purpose === 'watch' ? [WATCH] : []),
];

/**
 * Reads the offered subprotocols. `name` is the one to accept, even with another version: otherwise
 * the hub could not send the refusal.
 */
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

/** The path for WebSockets. */
export const MESSAGES_PATH = '/messages';

const id = z
  .int()
  .nonnegative()
  .describe('A number of the participant’s choice, another for each announcement.');

export const participantFrameSchema = z
  .discriminatedUnion('type', [
    z
      .strictObject({ type: z.literal('announcement'), id, announcement: announcementSchema })
      .describe(
        'Answered by the `receipt` with its `id`. One waits for its receipt before the next is sent.',
      ),
    z
      .strictObject({ type: z.literal('progress'), progress: progressSchema })
      .describe('Now and then; nothing depends on it.'),
    z.strictObject({ type: z.literal('pong') }).describe('The answer to a `ping`.'),
  ])
  .meta({ title: 'Frames of a participant' });

export const refusalReasonSchema = z
  .enum(['version', 'token', 'role', 'not-expected', 'replaced', 'in-use', 'bad-frame', 'too-fast'])
  .meta({
    description: 'Why the hub ends the connection. Only after `too-fast` another try makes sense.',
    values: {
      version: 'the other end speaks another version of the protocol',
      token: 'there is no token, or it is not valid any more',
      role: 'the token is that of another role',
      'not-expected': 'nobody of this name takes part in the federation',
      replaced: 'a newer process with the same token has taken the place of this one',
      'in-use': 'another process with this token is there, at another address, and answers',
      'bad-frame': 'a frame does not follow its schema; `message` says where',
      'too-fast': 'too many frames, or too many connections of one token',
    },
  });

const refusal = {
  type: z.literal('refused'),
  reason: refusalReasonSchema,
  message: sentenceSchema(2000).describe('What is wrong, for people.'),
  hint: sentenceSchema(2000).optional().describe('What to do about it.'),
};

export const hubFrameSchema = z
  .discriminatedUnion('type', [
    z
      .strictObject({
        type: z.literal('welcome'),
        participant: participantNameSchema.describe('The participant whose token it is.'),
        description: signedSchema.describe('The description, as a statement of the kind `description`.'),
        heartbeatMs: heartbeatMsSchema,
      })
      .describe('The first frame of a connection.'),
    z
      .strictObject({
        type: z.literal('assignment'),
        assignment: signedSchema.describe('The assignment, as a statement of the kind `assignment`.'),
      })
      .describe('The current assignment, after `welcome` and whenever it changes.'),
    z
      .strictObject({ type: z.literal('receipt'), id, receipt: receiptSchema })
      .describe('The answer to the announcement with this `id`.'),
    z
      .object({ type: z.literal('overview') })
      .describe(
        'The first frame to a token of an observer. A participant that reads it has the wrong token.',
      ),
    z.object(refusal).describe('The last frame of a connection. Every version of the protocol can read it.'),
    z
      .strictObject({ type: z.literal('ping') })
      .describe('Answer it with a `pong`: who is silent for three heartbeats is cut off.'),
  ])
  .meta({ title: 'Frames of the hub' });

export type ParticipantFrame = z.output<typeof participantFrameSchema>;
export type HubFrame = z.output<typeof hubFrameSchema>;
export type RefusalReason = z.output<typeof refusalReasonSchema>;
