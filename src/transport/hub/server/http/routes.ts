/**
 * What the hub answers over HTTP. A blob's bytes never pass through a body of Hono: they are streamed from and to Node's
 * own request. A token is in the Authorization header, never in an address, which others write into their logs. Node only.
 */
import type { IncomingMessage } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import { CommonweightError } from '../../../../base/error.js';
import { participantNameSchema } from '../../../../base/text.js';
import { sha256Schema } from '../../../../protocol/blob-name.js';
import {
  describeIdentity,
  type Identity,
  identitySchema,
  type Role,
  tokenRequestSchema,
} from '../../../../protocol/identity.js';
import type { Signed } from '../../../../protocol/signed.js';
import { PROTOCOL_VERSION } from '../../../../protocol/version.js';
import type { Log } from '../../../log.js';
import type { RunOperator } from '../../../run-operator.js';
import { sparingLog } from '../../../sparing-log.js';
import type { BlobFolder, LendShare } from '../../../transport.js';
import { bufferBudget } from '../guard/buffer-budget.js';
import type { Doorkeeper } from '../guard/doorkeeper.js';
import type { HubLimits } from '../guard/limits.js';
import type { HubMetrics } from '../guard/metrics.js';
import type { NoteRefusal } from '../guard/refusals.js';
import { hasBody } from '../guard/request-form.js';
import type { Tokens } from '../guard/tokens.js';
import { pages } from './pages.js';
import { Refusal } from './refusal.js';
import { sendBlob } from './send-blob.js';
import { sendBytes } from './send-stream.js';
import { soundBlobs } from './sound-blobs.js';
import type { Uploads } from './uploads.js';

export interface RoutesParts {
  readonly tokens: Tokens;
  readonly doorkeeper: Doorkeeper;
  readonly blobs: BlobFolder;
  readonly uploads: Uploads;
  readonly limits: HubLimits;
  readonly metrics: HubMetrics;
  readonly log: Log;
  readonly note: NoteRefusal;
  /** Signed; see `protocol/signed.ts`. */
  readonly description: Signed;
  readonly participants: readonly string[];
  /** Whether participants may read a blob; nothing while no assignment has been published. */
  readable(sha256: string): boolean | undefined;
  /** @throws when a blob that is damaged cannot be mended */
  mend(sha256: string): Promise<void>;
  status(): unknown;
  readonly operator: RunOperator | undefined;
  /** A participant has no token any more. */
  dismiss(participant: string, why: string): Promise<void>;
  readonly lendShare: LendShare | undefined;
}

interface HubEnvironment {
  readonly Bindings: HttpBindings;
  /** A socket that is gone does not know it any more. */
  readonly Variables: { readonly address: string | undefined };
}

type HubContext = Context<HubEnvironment>;

/** Where an operator says more than that something is to be done. */
const told: readonly string[] = ['/tokens', '/drop', '/rollback'];

export function routes(parts: RoutesParts): Hono<HubEnvironment> {
  const { tokens, doorkeeper, blobs, uploads, limits, metrics, log, note, participants } = parts;
  const spare = sparingLog(log, 5, 100);
  const transfers = new Map<string, number>();
  let transfersInAll = 0;
  const buffers = bufferBudget();
  const ensureSound = soundBlobs(blobs, parts.mend);

  /** @throws Refusal unless the request's token has one of these roles */
  function allow<Allowed extends Role>(c: HubContext, ...roles: Allowed[]): Identity & { role: Allowed } {
    const [, token] = /^Bearer ([\w-]+)$/.exec(c.req.header('authorization') ?? '') ?? [];
    const record = token === undefined ? undefined : tokens.check(token);
    if (record === undefined) {
      const state = token === undefined ? 'there is no token' : 'the token is not valid';
      throw new Refusal(401, 'token', `${state} for ${c.req.path}`, 'ask the operator for a token');
    }
    const { identity } = record;
    if (!doorkeeper.know(c.env.incoming.socket, record.sha256)) {
      c.header('connection', 'close');
      throw new Refusal(
        429,
        'connections',
        `there are ${limits.connectionsPerToken} connections of ${describeIdentity(identity)}`,
      );
    }
    if (!hasRole(identity, roles)) {
      const got = describeIdentity(identity);
      throw new Refusal(
        403,
        'role',
        `${c.req.method} ${c.req.path} is for ${roles.join(' or ')}, and the token is that of ${got}`,
      );
    }
    return identity;
  }

  function participantOf(c: HubContext): string {
    const { name } = allow(c, 'participant');
    if (participants.includes(name)) return name;
    throw new Refusal(403, 'not-expected', `"${name}" is not expected in this federation`);
  }

  async function transfer<Result>(participant: string, work: () => Promise<Result>): Promise<Result> {
    const running = transfers.get(participant) ?? 0;
    if (running >= limits.transfers) {
      throw new Refusal(429, 'transfers', `"${participant}" has ${running} uploads and downloads at once`);
    }
    if (transfersInAll >= limits.transfersInAll) {
      throw new Refusal(429, 'transfers', `there are ${transfersInAll} uploads and downloads at once`);
    }
    transfersInAll++;
    transfers.set(participant, running + 1);
    try {
      return await work();
    } finally {
      transfersInAll--;
      transfers.set(participant, (transfers.get(participant) ?? 1) - 1);
    }
  }

  const app = new Hono<HubEnvironment>();

  app.use(async (c, next) => {
    c.set('address', c.env.incoming.socket.remoteAddress);
    await next();
    if (!c.res.headers.has('cache-control')) c.header('cache-control', 'no-store');
    c.header('x-content-type-options', 'nosniff');
    // What is left of a body is not read: nothing else can follow on this connection.
    if (hasBody(c.env.incoming) && !c.env.incoming.complete) c.header('connection', 'close');
  });

  app.route('/', pages<HubEnvironment>());

  app.get('/healthz', (c) => c.json({ ok: true, protocol: PROTOCOL_VERSION }));

  app.get('/metrics', async (c) => {
    allow(c, 'observer', 'operator');
    const { type, text } = await metrics.read();
    return c.body(text, 200, { 'content-type': type });
  });

  /** What the federation asks for, for whoever wants to know before it joins: a WebSocket would take the place of another. */
  app.get('/description', (c) => {
    allow(c, 'participant', 'observer', 'operator');
    return c.json(parts.description);
  });

  app.get('/demonstration', async (c) => {
    const participant = participantOf(c);
    const { lendShare } = parts;
    if (lendShare === undefined) {
      throw new Refusal(404, 'no-demonstration', 'everybody brings their own data to this federation');
    }
    const { incoming, outgoing } = c.env;
    await transfer(participant, () =>
      lendShare(participant, async (bytes) => {
        outgoing.writeHead(200, {
          'content-type': 'application/octet-stream',
          'content-length': bytes.length,
          'cache-control': 'no-store',
          'x-content-type-options': 'nosniff',
        });
        metrics.sent('blob', await sendBytes(bytes, incoming, outgoing));
      }),
    );
    return RESPONSE_ALREADY_SENT;
  });

  app.get('/status', (c) => {
    allow(c, 'observer', 'operator');
    return c.json(parts.status() as object);
  });

  app.post('/stop', (c) => {
    allow(c, 'operator');
    log.info({}, 'the operator stops the run');
    void parts.operator?.stop();
    return c.json({ ok: true }, 202);
  });

  for (const path of told) {
    // No body of a stranger is read, for it may never end; and an operator's is short.
    app.use(path, async (c, next) => {
      allow(c, 'operator');
      const { incoming } = c.env;
      const cut = setTimeout(() => incoming.complete || incoming.destroy(), limits.headersMs);
      await next();
      clearTimeout(cut);
    });
    app.use(
      path,
      bodyLimit({
        maxSize: 4096,
        onError: () => {
          throw new Refusal(413, 'too-large', 'more than 4096 bytes');
        },
      }),
    );
  }

  /** Expects nothing of a participant any more, and voids its token. */
  app.post('/drop', async (c) => {
    const { name } = await readBody(c, dropSchema, 'who is dropped: {"name":…}');
    const rounds = await asked(async () => parts.operator?.drop(name));
    log.info({ participant: name }, 'the operator drops a participant');
    await tokens.revoke({ role: 'participant', name });
    await parts.dismiss(name, `"${name}" was dropped from this run by its operator`);
    return c.json({ rounds: rounds ?? [] });
  });

  /** Takes the run up again after an earlier round. */
  app.post('/rollback', async (c) => {
    const { to } = await readBody(c, rollbackSchema, 'after which round it goes on: {"to":…}');
    await asked(async () => parts.operator?.rollback(to));
    log.info({ to }, 'the operator goes back to an earlier round');
    return c.json({ ok: true });
  });

  /** A new token; a participant's earlier ones are void, at once or when it is used. */
  app.post('/tokens', async (c) => {
    const { identity, ...terms } = await readBody(c, tokenRequestSchema, whose('{"identity":…}'));
    if (identity.role === 'participant' && !participants.includes(identity.name)) {
      throw new Refusal(
        400,
        'not-expected',
        `"${identity.name}" is not expected in this federation`,
        `take one of ${participants.slice(0, 20).join(', ')}`,
      );
    }
    const token = await tokens.issue(identity, terms);
    log.info({ identity, ...terms }, 'a token was issued');
    return c.json({ token }, 201);
  });

  app.delete('/tokens', async (c) => {
    const identity = await readBody(c, identitySchema, whose('{"role":…}'));
    const revoked = await tokens.revoke(identity);
    log.info({ identity, revoked }, 'tokens were revoked');
    if (identity.role === 'participant' && participants.includes(identity.name)) {
      await parts.dismiss(identity.name, `the token of "${identity.name}" was revoked`);
    }
    return c.json({ revoked });
  });

  app.get('/blobs/:sha256', async (c) => {
    const participant = participantOf(c);
    const sha256 = nameOf(c);
    // Hono asks here for HEAD too: how far is the upload?
    if (c.req.method === 'HEAD') {
      const { offset, complete } = await uploads.progress(participant, sha256);
      return c.body(null, 200, { 'upload-offset': `${offset}`, 'upload-complete': complete ? '?1' : '?0' });
    }
    const readable = parts.readable(sha256);
    if (readable === undefined) {
      throw new Refusal(503, 'no-assignment', 'the coordinator has published nothing yet');
    }
    // A model of long ago is gone for good.
    if (readable && !(await blobs.has(sha256))) await parts.mend(sha256).catch(() => undefined);
    if (!readable || !(await blobs.has(sha256))) {
      throw new Refusal(404, 'no-blob', `there is no blob ${sha256.slice(0, 12)}… for "${participant}"`);
    }
    // Whoever has got other bytes asks for those of the hash (RFC 9530), and only then all of them are read before.
    const checked = c.req.header('want-repr-digest') !== undefined;
    const sent = await transfer(participant, async () => {
      if (checked) await ensureSound(sha256);
      return sendBlob(blobs.pathOf(sha256), c.env.incoming, c.env.outgoing, buffers);
    });
    metrics.sent('blob', sent);
    return RESPONSE_ALREADY_SENT;
  });

  /**
   * All that is missing of a blob from Upload-Offset on, as it is in draft-ietf-httpbis-resumable-upload. It may begin anew,
   * unless it says that nothing is here yet: "If-None-Match: *".
   */
  app.put('/blobs/:sha256', async (c) => {
    const participant = participantOf(c);
    const sha256 = nameOf(c);
    const length = wholeNumber(c.req.header('content-length'));
    const offset = wholeNumber(c.req.header('upload-offset') ?? '0');
    if (length === undefined) {
      throw new Refusal(411, 'length', `a blob comes with its Content-Length, of "${participant}" none did`);
    }
    if (offset === undefined || offset + length === 0) {
      throw new Refusal(400, 'offset', 'Upload-Offset is no number of bytes, or the blob is empty');
    }
    if (offset + length > limits.blobBytes) {
      throw new Refusal(
        413,
        'too-large',
        `a blob of ${offset + length} bytes, at most ${limits.blobBytes} are taken`,
      );
    }
    const first = c.req.header('if-none-match') === '*';
    await transfer(participant, () =>
      uploads.receive({ participant, sha256, offset, first, length, body: c.env.incoming }),
    );
    spare(
      'info',
      participant,
      { participant, blob: sha256.slice(0, 12), bytes: offset + length },
      'uploaded',
    );
    return c.json({ ok: true }, 201);
  });

  app.notFound((c) => c.json({ reason: 'path', error: `there is no ${c.req.path.slice(0, 100)} here` }, 404));

  app.onError((error, c) => {
    const { method } = c.req;
    const path = c.req.path.slice(0, 100);
    if (!(error instanceof Refusal)) {
      log.error({ error, method, path }, 'a request failed');
      if (c.env.outgoing.headersSent) {
        c.env.outgoing.destroy();
        return RESPONSE_ALREADY_SENT;
      }
      return c.json({ reason: 'internal', error: 'the hub failed; its log says why' }, 500);
    }
    const { status, reason, message, hint } = error;
    note(reason, { status, method, path, address: c.get('address') }, message);
    return c.json({ reason, error: message, ...(hint !== undefined && { hint }) }, status);
  });
  return app;
}

/** Which requests come with one: of any other none is read. */
export const takesBody = ({ method, url }: IncomingMessage): boolean =>
  method === 'PUT' ? url?.startsWith('/blobs/') === true : method !== 'GET' && told.includes(url ?? '');

function hasRole<Allowed extends Role>(
  identity: Identity,
  roles: readonly Allowed[],
): identity is Identity & { role: Allowed } {
  return (roles as readonly Role[]).includes(identity.role);
}

function nameOf(c: HubContext): string {
  const name = sha256Schema.safeParse(c.req.param('sha256'));
  if (name.success) return name.data;
  throw new Refusal(400, 'blob-name', 'a blob is named by the 64 hexadecimal digits of its SHA-256');
}

const wholeNumber = (text: string | undefined) =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;

const dropSchema = z.strictObject({ name: participantNameSchema });
const rollbackSchema = z.strictObject({ to: z.int().nonnegative() });

const whose = (form: string) =>
  `whose token it is, as ${form}, with {"role":"participant","name":…}, {"role":"observer"} or {"role":"operator"}`;

async function readBody<Schema extends z.ZodType>(
  c: HubContext,
  schema: Schema,
  expected: string,
): Promise<z.output<Schema>> {
  const parsed = schema.safeParse(await c.req.json().catch(() => undefined));
  if (parsed.success) return parsed.data;
  throw new Refusal(400, 'body', expected);
}

/** @throws Refusal when whoever leads the run says why it is not done */
async function asked<Result>(act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof CommonweightError)) throw error;
    throw new Refusal(409, 'not-done', error.message, error.hint);
  }
}
