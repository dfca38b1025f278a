/**
 * Middleware that lets only requests with a token of the right role pass. A token is in the
 * Authorization header, never in an address, which others write into their logs. Node only.
 */
import type { MiddlewareHandler } from 'hono';
import { describeIdentity, type Identity, type TokenRole } from '../../../../protocol/identity.js';
import type { Doorkeeper } from '../guard/doorkeeper.js';
import type { HubLimits } from '../guard/limits.js';
import type { Tokens } from '../guard/tokens.js';
import type { HubContext, HubEnvironment, ParticipantEnvironment } from './environment.js';
import { Refusal } from './refusal.js';

export interface Access {
  /** Lets pass tokens of these roles. */
  only(...roles: readonly TokenRole[]): MiddlewareHandler<HubEnvironment>;
  /** Lets participants of this federation pass, and stores the name of the participant. */
  readonly participant: MiddlewareHandler<ParticipantEnvironment>;
}

/** The part of a request that is used here, whatever middleware came before. */
type Request = Pick<HubContext, 'req' | 'env' | 'header'>;

export interface AccessParts {
  readonly tokens: Pick<Tokens, 'check'>;
  readonly doorkeeper: Pick<Doorkeeper, 'know'>;
  readonly limits: Pick<HubLimits, 'connectionsPerToken'>;
  readonly participants: readonly string[];
}

export function access({ tokens, doorkeeper, limits, participants }: AccessParts): Access {
  /** @throws Refusal unless there is a valid token, with not too many connections */
  function identify(c: Request): Identity {
    const [, token] = /^Bearer ([\w-]+)$/.exec(c.req.header('authorization') ?? '') ?? [];
    const record = token === undefined ? undefined : tokens.check(token);
    if (record === undefined) {
      const state = token === undefined ? 'there is no token' : 'the token is not valid';
      throw new Refusal(401, 'token', `${state} for ${c.req.path}`, 'ask the operator for a token');
    }
    const { identity, sha256 } = record;
    if (doorkeeper.know(c.env.incoming.socket, sha256)) return identity;
    c.header('connection', 'close');
    throw new Refusal(
      429,
      'connections',
      `there are ${limits.connectionsPerToken} connections of ${describeIdentity(identity)}`,
    );
  }

  return {
    only: (...roles) =>
      async function only(c, next) {
        const identity = identify(c);
        if (!roles.includes(identity.role)) throw wrongRole(c, roles, identity);
        await next();
      },
    async participant(c, next) {
      const identity = identify(c);
      if (identity.role !== 'participant') throw wrongRole(c, ['participant'], identity);
      const { name } = identity;
      if (!participants.includes(name)) {
        throw new Refusal(403, 'not-expected', `"${name}" is not expected in this federation`);
      }
      c.set('participant', name);
      await next();
    },
  };
}

const wrongRole = ({ req }: Request, roles: readonly TokenRole[], identity: Identity) =>
  new Refusal(
    403,
    'role',
    `${req.method} ${req.path} is for ${roles.join(' or ')}, and the token is that of ${describeIdentity(identity)}`,
  );
