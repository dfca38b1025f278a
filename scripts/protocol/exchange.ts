/**
 * A real exchange between a participant and a hub, as it is kept in exchange.json: what the page
 * about the protocol shows. It is good as long as all of it can be read by the schemas of today.
 */
import { readFileSync } from 'node:fs';
import { compileDescription } from 'commonweight';
import { z } from 'zod';
import { stripeNet } from '../../examples/own-network.js';
import { assignmentSchema } from '../../src/protocol/assignment.js';
import { planHeaderSchema } from '../../src/protocol/foreign-plan.js';
import { hubFrameSchema, participantFrameSchema } from '../../src/protocol/frames.js';
import { describedSchema, readSigned, signedSchema } from '../../src/protocol/signed.js';
import { PROTOCOL_VERSION } from '../../src/protocol/version.js';

const headers = z.record(z.string(), z.string());
const entrySchema = z.discriminatedUnion('type', [
  /** A request of the participant, and its answer. */
  z.strictObject({
    type: z.literal('http'),
    method: z.string(),
    path: z.string(),
    request: headers,
    status: z.int(),
    response: headers,
  }),
  /** A frame of the WebSocket. */
  z.strictObject({ type: z.literal('frame'), from: z.enum(['participant', 'hub']), text: z.string() }),
]);

const valueSchema = z.strictObject({ name: z.string(), type: z.string(), shape: z.array(z.int()) });
const modelSchema = z.strictObject({ inputs: z.array(valueSchema), outputs: z.array(valueSchema) });

const exchangeSchema = z.strictObject({
  protocol: z.int(),
  entries: z.array(entrySchema),
  /** Of the plan that travelled. */
  plan: z.strictObject({ header: planHeaderSchema, training: modelSchema, evaluation: modelSchema }),
  /** The header of the file of an update. */
  updateHeader: z.string(),
});

export type Exchange = z.output<typeof exchangeSchema>;
export type ExchangeEntry = Exchange['entries'][number];
export type HttpEntry = Extract<ExchangeEntry, { type: 'http' }>;

export const exchangeFile = new URL('exchange.json', import.meta.url);

export const readExchange = (): Exchange =>
  exchangeSchema.parse(JSON.parse(readFileSync(exchangeFile, 'utf8')));

/**
 * Why the exchange is not one of today: the first message that cannot be read, or that its plan is
 * another now.
 */
export async function exchangeProblem({ protocol, entries }: Exchange): Promise<string | undefined> {
  if (protocol !== PROTOCOL_VERSION) return `it is of version ${protocol}, expected ${PROTOCOL_VERSION}`;
  for (const [at, entry] of entries.entries()) {
    if (entry.type !== 'frame') continue;
    const problem = frameProblem(entry.from, JSON.parse(entry.text));
    if (problem !== undefined) return `entry ${at}: ${problem}`;
  }
  return planProblem(entries);
}

/** What is shown of the plan is what is compiled today of the description. */
async function planProblem(entries: Exchange['entries']): Promise<string | undefined> {
  const frames = entries.flatMap((entry) => (entry.type === 'frame' ? [JSON.parse(entry.text)] : []));
  const welcome = frames.find(({ type }) => type === 'welcome');
  const signed = signedSchema.parse(welcome?.description);
  const read = readSigned(signed, { kind: 'description', schema: describedSchema });
  if ('problem' in read) return read.problem;
  return compileDescription(read.value.description, { extensions: { network: stripeNet } }).then(
    () => undefined,
    (error: Error) => error.message,
  );
}

function frameProblem(from: 'participant' | 'hub', frame: unknown): string | undefined {
  if (from === 'participant') return complaint(participantFrameSchema.safeParse(frame));
  const parsed = hubFrameSchema.safeParse(frame);
  if (!parsed.success) return complaint(parsed);
  if (parsed.data.type === 'welcome') {
    return said(readSigned(parsed.data.description, { kind: 'description', schema: describedSchema }));
  }
  if (parsed.data.type === 'assignment') {
    return said(readSigned(parsed.data.assignment, { kind: 'assignment', schema: assignmentSchema }));
  }
  return undefined;
}

const said = (read: object) => ('problem' in read ? String(read.problem) : undefined);

function complaint(parsed: z.ZodSafeParseResult<unknown>): string | undefined {
  if (parsed.success) return undefined;
  const [issue] = parsed.error.issues;
  return `"${issue?.path.join('.')}": ${issue?.message}`;
}
