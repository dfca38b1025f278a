/**
 * What the hub answers over HTTP, route by route: a test holds this list and its roles against the
 * hub.
 */
import type { z } from 'zod';
import { identitySchema, type TokenRole, tokenRequestSchema } from '../../src/protocol/identity.js';
import { signedSchema } from '../../src/protocol/signed.js';
import { statusSchema } from '../../src/protocol/status.js';

export interface HttpRoute {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  /** Whose token it takes; of everybody where the list is empty. */
  readonly roles: readonly TokenRole[];
  /** In Markdown. */
  readonly asks: string;
  readonly answers: string;
  /** What goes along as JSON, and what comes. */
  readonly body?: z.ZodType;
  readonly result?: z.ZodType;
}

const everybody: readonly TokenRole[] = ['participant', 'observer', 'operator'];

export const httpRoutes: readonly HttpRoute[] = [
  {
    method: 'GET',
    path: '/healthz',
    roles: [],
    asks: 'Is there a hub, and of which version?',
    answers: '200 `{"ok":true,"protocol":N}`',
  },
  {
    method: 'GET',
    path: '/description',
    roles: everybody,
    result: signedSchema,
    asks: 'What is the federation? To be asked before connecting.',
    answers: '200 a [Signed statement](#signed-statement) of the kind `description`',
  },
  {
    method: 'HEAD',
    path: '/blobs/:sha256',
    roles: ['participant'],
    asks: 'How much of my upload is here?',
    answers: '200 with `Upload-Offset: N` (bytes) and `Upload-Complete: ?0` or `?1`',
  },
  {
    method: 'PUT',
    path: '/blobs/:sha256',
    roles: ['participant'],
    asks: 'All that is missing of a blob, from `Upload-Offset: N` on (0 by default), with its `Content-Length`. `If-None-Match: *` says that nothing of it is here yet.',
    answers: '201 when it is whole and its SHA-256 is right; 408, 409, 413, 422, 507 as in “Blobs”',
  },
  {
    method: 'GET',
    path: '/blobs/:sha256',
    roles: ['participant'],
    asks: 'A blob that the description or an assignment names; with `Range: bytes=N-` the rest of it. `Want-Repr-Digest: sha-256=10` has the hub check its bytes first.',
    answers: '200 or 206 with the bytes; 404, 416, 503 as in “Blobs”',
  },
  {
    method: 'GET',
    path: '/demonstration',
    roles: ['participant'],
    asks: 'A share of a public data set to try the federation with, where the hub lends them.',
    answers: '200 the share, in a format of Commonweight’s own; 404 if each participant brings its own data',
  },
  {
    method: 'GET',
    path: '/status',
    roles: ['observer', 'operator'],
    result: statusSchema,
    asks: 'How does the run stand?',
    answers: '200 a [Status](#status)',
  },
  {
    method: 'GET',
    path: '/metrics',
    roles: ['observer', 'operator'],
    asks: 'What has the hub counted?',
    answers: '200 in the text format of Prometheus',
  },
  {
    method: 'POST',
    path: '/stop',
    roles: ['operator'],
    asks: 'End the run after this round.',
    answers: '202 `{"ok":true}`',
  },
  {
    method: 'POST',
    path: '/drop',
    roles: ['operator'],
    asks: '`{"name":…}`: expect nothing of this participant any more, and void its token.',
    answers: '200 `{"rounds":[…]}`, the rounds in which its updates count; 409 where that cannot be done',
  },
  {
    method: 'POST',
    path: '/rollback',
    roles: ['operator'],
    asks: '`{"to":N}`: take the run up again after round N.',
    answers: '200 `{"ok":true}`; 409 where that cannot be done',
  },
  {
    method: 'POST',
    path: '/tokens',
    roles: ['operator'],
    body: tokenRequestSchema,
    asks: 'A [Token request](#token-request).',
    answers: '201 `{"token":…}`',
  },
  {
    method: 'DELETE',
    path: '/tokens',
    roles: ['operator'],
    body: identitySchema,
    asks: 'An [Identity](#identity), all of whose tokens are void from now on.',
    answers: '200 `{"revoked":N}`',
  },
];

/**
 * Why the hub refuses a request: status, `reason` of the answer, what it means. A test holds the
 * list against the hub's code.
 */
export const httpRefusals: readonly (readonly [status: number, reason: string, means: string])[] = [
  [400, 'blob-name', 'the path does not name a blob by 64 hexadecimal digits'],
  [400, 'body', 'the body is not what the route takes'],
  [400, 'headers', 'a header that may come once came twice'],
  [400, 'not-expected', 'a token is asked for somebody who takes no part'],
  [400, 'offset', '`Upload-Offset` is not a number of bytes, or the blob is empty'],
  [401, 'token', 'there is no token, or it is not valid'],
  [403, 'not-expected', 'the token is that of a participant of another federation'],
  [403, 'role', 'the token is that of another role'],
  [
    404,
    'no-blob',
    'the blob is not here, or not for participants; a model of an earlier round is gone for good',
  ],
  [404, 'no-demonstration', 'the hub lends no data'],
  [404, 'path', 'there is no such path'],
  [408, 'cut-off', 'the connection was lost before the upload was whole: what came is kept'],
  [408, 'stalled', 'the upload did not move: what came is kept'],
  [409, 'not-done', 'the run is not in a state in which that can be done'],
  [409, 'offset', 'the upload does not go on where the last one ended: ask again by HEAD'],
  [411, 'length', 'there is no `Content-Length`'],
  [413, 'body', 'the route takes no body'],
  [413, 'too-large', 'the blob, or the body, has too many bytes'],
  [413, 'too-much-pending', 'too much is uploaded and not announced'],
  [416, 'range', 'the range lies behind the end of the blob'],
  [422, 'wrong-hash', 'the bytes have another SHA-256: what came is thrown away'],
  [429, 'connections', 'there are too many connections of this token'],
  [429, 'transfers', 'there are too many uploads and downloads at once'],
  [500, 'internal', 'a bug of the hub; its log has it'],
  [503, 'no-assignment', 'the coordinator has not asked for anything yet'],
  [507, 'disk', 'the hub’s disk is full'],
];
