/**
 * The routes of an operator: stop a run, go back to an earlier round, drop a participant, issue and
 * revoke tokens. Node only.
 */
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import { CommonweightError } from '../../../../base/error.js';
import { participantNameSchema } from '../../../../base/text.js';
import { type Identity, identitySchema, tokenRequestSchema } from '../../../../protocol/identity.js';
import type { Log } from '../../../log.js';
import type { RunOperator } from '../../../run-operator.js';
import type { HubLimits } from '../guard/limits.js';
import type { Tokens } from '../guard/tokens.js';
import type { Access } from './access.js';
import type { HubContext, HubEnvironment } from './environment.js';
import { Refusal } from './refusal.js';

export interface OperatorRoutesParts {
  readonly tokens: Pick<Tokens, 'issue' | 'revoke'>;
  readonly limits: Pick<HubLimits, 'headersMs'>;
  readonly log: Log;
  readonly participants: readonly string[];
  readonly operator: RunOperator | undefined;
  /** Called when a participant has lost its token. */
  dismiss(participant: string, why: string): Promise<void>;
}

/** The paths whose requests have a body. */
export const operatorBodies: readonly string[] = ['/tokens', '/drop', '/rollback'];

const BODY_BYTES = 4096;

export function operatorRoutes({ only }: Access, parts: OperatorRoutesParts): Hono<HubEnvironment> {
  const { limits, log } = parts;
  const app = new Hono<HubEnvironment>();

  app.post('/stop', only('operator'), (c) => {
    log.info({}, 'the operator stops the run');
    void parts.operator?.stop();
    return c.json({ ok: true }, 202);
  });

  for (const path of operatorBodies) {
    // A stranger's body is not read, since it may never end. An operator's is short.
    app.use(path, only('operator'), async (c, next) => {
      const { incoming } = c.env;
      const cut = setTimeout(() => incoming.complete || incoming.destroy(), limits.headersMs);
      await next();
      clearTimeout(cut);
    });
    app.use(path, bodyLimit({ maxSize: BODY_BYTES, onError: tooLarge }));
  }

  app.post('/drop', (c) => drop(c, parts));
  app.post('/rollback', (c) => rollBack(c, parts));
  app.post('/tokens', (c) => issueToken(c, parts));
  app.delete('/tokens', (c) => revokeTokens(c, parts));
  return app;
}

/** Drops a participant, and revokes its token. */
async function drop(c: HubContext, { operator, log, tokens, dismiss }: OperatorRoutesParts) {
  const { name } = await readBody(c, dropSchema, 'who is dropped: {"name":…}');
  const rounds = await asked(async () => operator?.drop(name));
  log.info({ participant: name }, 'the operator drops a participant');
  await tokens.revoke({ role: 'participant', name });
  await dismiss(name, `"${name}" was dropped from this run by its operator`);
  return c.json({ rounds: rounds ?? [] });
}

/** Resumes the run after an earlier round. */
async function rollBack(c: HubContext, { operator, log }: OperatorRoutesParts) {
  const { to } = await readBody(c, rollbackSchema, 'after which round it goes on: {"to":…}');
  await asked(async () => operator?.rollback(to));
  log.info({ to }, 'the operator goes back to an earlier round');
  return c.json({ ok: true });
}

/** Issues a new token. A participant's earlier ones become void, at once or when it is used. */
async function issueToken(c: HubContext, { participants, tokens, log }: OperatorRoutesParts) {
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
}

async function revokeTokens(c: HubContext, { participants, tokens, log, dismiss }: OperatorRoutesParts) {
  const identity: Identity = await readBody(c, identitySchema, whose('{"role":…}'));
  const revoked = await tokens.revoke(identity);
  log.info({ identity, revoked }, 'tokens were revoked');
  if (identity.role === 'participant' && participants.includes(identity.name)) {
    await dismiss(identity.name, `the token of "${identity.name}" was revoked`);
  }
  return c.json({ revoked });
}

const dropSchema = z.strictObject({ name: participantNameSchema });
const rollbackSchema = z.strictObject({ to: z.int().nonnegative() });

const whose = (form: string) =>
  `whose token it is, as ${form}, with {"role":"participant","name":…}, {"role":"observer"} or {"role":"operator"}`;

const tooLarge = () => {
  throw new Refusal(413, 'too-large', `more than ${BODY_BYTES} bytes`);
};

/** @throws Refusal when the body is not what `expected` says */
async function readBody<Schema extends z.ZodType>(
  c: HubContext,
  schema: Schema,
  expected: string,
): Promise<z.output<Schema>> {
  const parsed = schema.safeParse(await c.req.json().catch(() => undefined));
  if (parsed.success) return parsed.data;
  throw new Refusal(400, 'body', expected);
}

/** @throws Refusal when the process that leads the run refuses, with its reason */
async function asked<Result>(act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof CommonweightError)) throw error;
    throw new Refusal(409, 'not-done', error.message, error.hint);
  }
}
