/** An operator's requests to a hub, each with one answer. Node only. */
import { z } from 'zod';
import type { Description } from '../../../../protocol/description.js';
import type { Identity, TokenRequest } from '../../../../protocol/identity.js';
import { describedSchema, signedSchema } from '../../../../protocol/signed.js';
import { type Status, statusSchema } from '../../../../protocol/status.js';
import { PROTOCOL_VERSION } from '../../../../protocol/version.js';
import { type CoordinatorTrust, coordinatorVoice } from '../../../coordinator-voice.js';
import { TransportError } from '../../../error.js';
import type { Waits } from '../../../waits.js';
import { readJson } from '../read-json.js';
import { finalError, hubAddress, type Trust } from './hub-address.js';
import { type HubRequest, hubRequest } from './hub-request.js';

/** How long the token is valid, and whether the earlier one stays valid until it is used. */
export type TokenTerms = Omit<TokenRequest, 'identity'>;

export interface HubOperator {
  /**
   * For a token of any role. @throws OtherKeyError when the description is not signed by the given
   * key
   */
  description(): Promise<Description>;
  /** The key of the coordinator, by the hub's word. */
  coordinatorKey(): Promise<string>;
  status(): Promise<Status>;
  /** Ends the run for good. */
  stop(): Promise<void>;
  /**
   * Drops a participant: the run no longer waits for it. @returns the rounds whose models contain
   * its updates
   */
  drop(name: string): Promise<readonly number[]>;
  /** Resumes the run after an earlier round. */
  rollback(to: number): Promise<void>;
  issueToken(identity: Identity, terms?: TokenTerms): Promise<string>;
  /** @returns how many tokens were revoked */
  revokeTokens(identity: Identity): Promise<number>;
}

/** The largest answer, such as the description of a large federation. */
const LARGEST_BYTES = 2 ** 26;

/**
 * @throws TransportError when the address is malformed. Each request throws one when it is refused
 *   or nobody answers.
 */
export function operateHub(
  url: string,
  token: string,
  { coordinatorKey, ...trust }: Trust & Pick<CoordinatorTrust, 'coordinatorKey'>,
  waits: Partial<Waits> = {},
): HubOperator {
  const voice = coordinatorVoice({ coordinatorKey });
  const ask = async (asked: HubRequest): Promise<Record<string, unknown>> => {
    const address = hubAddress(url, token, trust, waits);
    const { answerMs } = address.waits;
    const patience = AbortSignal.timeout(answerMs);
    try {
      const response = await hubRequest(address, asked, patience);
      const answer = ((await readJson(response, LARGEST_BYTES)) ?? {}) as Record<string, unknown>;
      if (response.statusCode < 300) return answer;
      throw new TransportError(`the hub says: ${String(answer.error ?? response.statusCode)}`, {
        ...(typeof answer.hint === 'string' && { hint: answer.hint }),
        transient: response.statusCode === 429 || response.statusCode >= 500,
      });
    } catch (error) {
      const reason = patience.aborted ? `nothing for ${answerMs / 1000} s` : (error as Error).message;
      throw (
        finalError(error, address.url) ??
        new TransportError(`no hub answers at ${url}: ${reason}`, {
          cause: patience.aborted ? patience.reason : error,
          hint: 'is the coordinator running, and is this its address?',
          transient: true,
        })
      );
    } finally {
      address.agent.destroy();
    }
  };
  const json = (path: string, value: unknown) => ({
    path,
    headers: { 'content-type': 'application/json' },
    body: new TextEncoder().encode(JSON.stringify(value)),
  });
  const read = async <Schema extends z.ZodType>(what: string, schema: Schema) => {
    const parsed = schema.safeParse(await ask({ method: 'GET', path: `/${what}` }));
    if (parsed.success) return parsed.data;
    throw new TransportError(`what ${url} says of its ${what} cannot be read`, {
      hint: `it may be another version: this one speaks protocol ${PROTOCOL_VERSION}`,
    });
  };
  const describe = async () => {
    const signed = await read('description', signedSchema);
    const { description } = voice.meet(signed, 'description', describedSchema);
    return { description, key: signed.key };
  };
  return {
    async description() {
      return (await describe()).description;
    },
    async coordinatorKey() {
      return (await describe()).key;
    },
    status: () => read('status', statusSchema),
    async stop() {
      await ask({ method: 'POST', path: '/stop' });
    },
    async drop(name) {
      const { rounds } = await ask({ method: 'POST', ...json('/drop', { name }) });
      return z.array(z.int()).catch([]).parse(rounds);
    },
    async rollback(to) {
      await ask({ method: 'POST', ...json('/rollback', { to }) });
    },
    async issueToken(identity, terms = {}) {
      return String((await ask({ method: 'POST', ...json('/tokens', { identity, ...terms }) })).token);
    },
    async revokeTokens(identity) {
      return Number((await ask({ method: 'DELETE', ...json('/tokens', identity) })).revoked);
    },
  };
}
