/**
 * The routes for a participant's bytes: blobs in both directions, and the share of a demonstration.
 * Bytes do not pass through a body of Hono: they are streamed from and to Node's own request. Node
 * only.
 */
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import { sha256Schema } from '../../../../protocol/blob-name.js';
import type { Log } from '../../../log.js';
import { sparingLog } from '../../../sparing-log.js';
import type { BlobFolder, LendShare } from '../../../transport.js';
import { bufferBudget } from '../guard/buffer-budget.js';
import type { HubLimits } from '../guard/limits.js';
import type { HubMetrics } from '../guard/metrics.js';
import type { Access } from './access.js';
import type { HubEnvironment, ParticipantContext } from './environment.js';
import { Refusal } from './refusal.js';
import { sendBlob } from './send-blob.js';
import { sendBytes } from './send-stream.js';
import { soundBlobs } from './sound-blobs.js';
import { transfers } from './transfers.js';
import type { Uploads } from './uploads.js';

export interface ParticipantRoutesParts {
  readonly blobs: BlobFolder;
  readonly uploads: Uploads;
  readonly limits: HubLimits;
  readonly metrics: HubMetrics;
  readonly log: Log;
  /** Whether participants may read a blob; undefined before the first assignment. */
  readable(sha256: string): boolean | undefined;
  /** @throws when a damaged blob cannot be repaired */
  mend(sha256: string): Promise<void>;
  readonly lendShare: LendShare | undefined;
}

export function participantRoutes(
  { participant }: Access,
  { blobs, uploads, limits, metrics, log, readable, mend, lendShare }: ParticipantRoutesParts,
): Hono<HubEnvironment> {
  const moving = transfers(limits);
  const buffers = bufferBudget();
  const ensureSound = soundBlobs(blobs, mend);
  const spare = sparingLog(log, 5, 100);
  const app = new Hono<HubEnvironment>();

  app.get('/demonstration', participant, async (c) => {
    if (lendShare === undefined) {
      throw new Refusal(404, 'no-demonstration', 'each participant brings its own data to this federation');
    }
    const name = c.get('participant');
    await moving.run(name, () =>
      lendShare(name, async (bytes) => metrics.sent('blob', await sendShare(bytes, c))),
    );
    return RESPONSE_ALREADY_SENT;
  });

  // Hono calls this for HEAD too, which asks how far an upload is.
  app.get('/blobs/:sha256', participant, (c) => (c.req.method === 'HEAD' ? sayProgress(c) : download(c)));

  app.put('/blobs/:sha256', participant, async (c) => {
    const name = c.get('participant');
    const sha256 = blobOf(c);
    const { offset, first, length } = uploadForm(c, limits);
    await moving.run(name, () =>
      uploads.receive({ participant: name, sha256, offset, first, length, body: c.env.incoming }),
    );
    const fields = { participant: name, blob: sha256.slice(0, 12), bytes: offset + length };
    spare('info', name, fields, 'uploaded');
    return c.json({ ok: true }, 201);
  });

  async function sayProgress(c: ParticipantContext) {
    const { offset, complete } = await uploads.progress(c.get('participant'), blobOf(c));
    return c.body(null, 200, { 'upload-offset': `${offset}`, 'upload-complete': complete ? '?1' : '?0' });
  }

  async function download(c: ParticipantContext) {
    const name = c.get('participant');
    const sha256 = blobOf(c);
    const may = readable(sha256);
    if (may === undefined) {
      throw new Refusal(503, 'no-assignment', 'the coordinator has published nothing yet');
    }
    // An old model may be gone for good.
    if (may && !(await blobs.has(sha256))) await mend(sha256).catch(() => undefined);
    if (!may || !(await blobs.has(sha256))) {
      throw new Refusal(404, 'no-blob', `there is no blob ${sha256.slice(0, 12)}… for "${name}"`);
    }
    // A client that got wrong bytes asks for a check against the hash (RFC 9530). Only then are all
    // bytes read before.
    const checked = c.req.header('want-repr-digest') !== undefined;
    const sent = await moving.run(name, async () => {
      if (checked) await ensureSound(sha256);
      return sendBlob(blobs.pathOf(sha256), c.env.incoming, c.env.outgoing, buffers);
    });
    metrics.sent('blob', sent);
    return RESPONSE_ALREADY_SENT;
  }
  return app;
}

/** @returns the number of bytes that were sent */
function sendShare(bytes: Uint8Array, { env: { incoming, outgoing } }: ParticipantContext): Promise<number> {
  outgoing.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': bytes.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  return sendBytes(bytes, incoming, outgoing);
}

function blobOf(c: ParticipantContext): string {
  const name = sha256Schema.safeParse(c.req.param('sha256'));
  if (name.success) return name.data;
  throw new Refusal(400, 'blob-name', 'a blob is named by the 64 hexadecimal digits of its SHA-256');
}

/**
 * Reads the headers of an upload: all missing bytes of a blob, from Upload-Offset on, as in
 * draft-ietf-httpbis-resumable-upload. With "If-None-Match: *" it must not begin anew if a part is
 * here.
 * @throws Refusal
 */
function uploadForm(c: ParticipantContext, { blobBytes }: HubLimits) {
  const length = wholeNumber(c.req.header('content-length'));
  const offset = wholeNumber(c.req.header('upload-offset') ?? '0');
  if (length === undefined) {
    throw new Refusal(
      411,
      'length',
      `a blob comes with its Content-Length, of "${c.get('participant')}" none did`,
    );
  }
  if (offset === undefined || offset + length === 0) {
    throw new Refusal(400, 'offset', 'Upload-Offset is no number of bytes, or the blob is empty');
  }
  if (offset + length > blobBytes) {
    throw new Refusal(413, 'too-large', `a blob of ${offset + length} bytes, at most ${blobBytes} are taken`);
  }
  return { length, offset, first: c.req.header('if-none-match') === '*' };
}

const wholeNumber = (text: string | undefined) =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
