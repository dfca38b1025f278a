/** The life of a participant in ten steps, each with the messages of the recorded exchange. */
import type { Exchange, ExchangeEntry, HttpEntry } from './exchange.js';

type Json = Readonly<Record<string, unknown>>;

export function lifeOfAParticipant({ entries }: Exchange): string {
  const http = (method: string, which = 0) => requestOf(entries, method, which);
  const said = (type: string, inner?: string) => frameOf(entries, 'participant', type, inner);
  const heard = (type: string, inner?: string) => frameOf(entries, 'hub', type, inner);
  const steps: readonly (readonly [title: string, text: string, ...messages: string[]])[] = [
    [
      'Be invited',
      'The operator hands over three things: the address of the hub, a token that is good for one name, and the coordinator’s public key (64 hexadecimal digits). The address begins with `https://` where the hub has TLS; a fingerprint (SHA-256 of its certificate) comes along where no authority has signed it.',
    ],
    [
      'Connect',
      'Open a WebSocket at `/messages`. The version and the token stand in the list of subprotocols, because a page in a browser cannot set headers. The hub agrees on the first.',
      block(['GET /messages', 'Sec-WebSocket-Protocol: commonweight.VERSION, token.TOKEN']),
    ],
    [
      'Verify the coordinator',
      'The first frame is `welcome`, with the signed description. Check that `key` is the key that was handed over, and the signature (see [Signatures](#signatures)); then read the statement. End if anything is wrong: somebody else may speak.',
      json(heard('welcome')),
      'Its statement, read:',
      json(statementOf(heard('welcome'), 'description')),
    ],
    [
      'Take the plan',
      'Where the description has a `foreignPlan`, fetch that blob; else only Commonweight can compile the plan, and another participant cannot take part. Check its SHA-256 and the hash of the plan (see [The plan](#the-plan)). Running a plan of the coordinator lets foreign code read the data: ask the owner first.',
      exchangeOf(http('GET')),
    ],
    [
      'Join',
      'Announce how many examples there are. A `receipt` with the same `id` answers every announcement. No receipt, because the connection was lost? Connect again, and announce the same again: saying it twice changes nothing.',
      json(said('announcement', 'joined')),
      json(heard('receipt')),
    ],
    [
      'Read the assignment',
      'After `welcome`, and whenever it changes, the hub sends the current assignment: what everybody is asked for. Verify it like the description, with the same `job`; leave out one that is older, by (`epoch`, `sequence`), than the newest so far. Work only if the own name is in `waitingFor`.',
      json(heard('assignment', 'train')),
      'Its statement, read:',
      json(statementOf(heard('assignment', 'train'), 'assignment')),
    ],
    [
      'Fetch the model and train',
      'Fetch `base` by its hash, train as [Local work](#local-work) says, and tell `progress` now and then. Answer every `ping` with a `pong` meanwhile.',
      exchangeOf(http('GET', 1)),
      json(said('progress', 'training')),
    ],
    [
      'Upload the update, then announce it',
      'Ask how much of the blob is there, send the rest, and announce the update once the hub has said 201.',
      exchangeOf(http('HEAD')),
      exchangeOf(http('PUT')),
      json(said('announcement', 'update')),
    ],
    [
      'Evaluate the copy',
      'When all updates are in, the coordinator merges them (assignment `wait`), and then asks for the accuracy of the merged model on the own validation data. Steps 6 to 9 repeat, round after round.',
      json(statementOf(heard('assignment', 'evaluate'), 'assignment')),
      json(said('announcement', 'evaluated')),
    ],
    [
      'Leave',
      'With the assignment `finished` the run is over. Fetch the final model, announce `left` so that the coordinator need not wait, and close the connection.',
      json(statementOf(heard('assignment', 'finished'), 'assignment')),
      json(said('announcement', 'left')),
    ],
  ];
  return steps
    .map(([title, text, ...messages], at) => [`### ${at + 1}. ${title}`, text, ...messages].join('\n\n'))
    .join('\n\n');
}

function requestOf(entries: readonly ExchangeEntry[], method: string, which: number): HttpEntry {
  const found = entries.filter((entry) => entry.type === 'http' && entry.method === method)[which];
  if (found?.type !== 'http') throw missing(`${method} number ${which + 1}`);
  return found;
}

/** @param inner the type of what is in it, where frames have one */
function frameOf(entries: readonly ExchangeEntry[], from: string, type: string, inner?: string): Json {
  for (const entry of entries) {
    if (entry.type !== 'frame' || entry.from !== from) continue;
    const frame = JSON.parse(entry.text) as Json;
    if (frame.type === type && (inner === undefined || innerOf(frame) === inner)) return frame;
  }
  throw missing(`${type} ${inner ?? ''}`);
}

function innerOf(frame: Json): unknown {
  const { announcement, progress } = frame as Readonly<Record<string, Json | undefined>>;
  if (announcement !== undefined) return announcement.type;
  if (progress !== undefined) return progress.activity;
  return (statementOf(frame, 'assignment').value as Json).type;
}

function statementOf(frame: Json, field: 'description' | 'assignment'): Json {
  return JSON.parse((frame[field] as { readonly statement: string }).statement);
}

const missing = (what: string) => new Error(`the recorded exchange has no ${what}: record another`);

const block = (lines: readonly string[], language = 'text') =>
  [`\`\`\`${language}`, ...lines, '```'].join('\n');

const json = (value: Json) => block([pretty(shortened(value))], 'json');

function exchangeOf({ method, path, request, status, response }: HttpEntry): string {
  const headers = (all: Readonly<Record<string, string>>) =>
    Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return block([
    `${method} ${path.slice(0, 20)}…`,
    ...headers(request),
    '',
    `${status}`,
    ...headers(response),
  ]);
}

/** Hashes and statements are told by their beginnings, settings not at all. */
function shortened(value: unknown): unknown {
  if (typeof value === 'string') return value.length > 48 ? `${value.slice(0, 32)}…` : value;
  if (typeof value === 'number') return Number(value.toPrecision(4));
  if (Array.isArray(value)) return value.map(shortened);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, key === 'configuration' ? '…' : shortened(inner)]),
  );
}

const LINE = 100;

/** JSON, on one line what fits there. */
function pretty(value: unknown, indent = ''): string {
  const short = JSON.stringify(value, undefined, 1).replace(/\n */g, ' ');
  if (indent.length + short.length <= LINE || typeof value !== 'object' || value === null) return short;
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    return `[\n${value.map((inner) => deeper + pretty(inner, deeper)).join(',\n')}\n${indent}]`;
  }
  const lines = Object.entries(value).map(
    ([key, inner]) => `${deeper}${JSON.stringify(key)}: ${pretty(inner, deeper)}`,
  );
  return `{\n${lines.join(',\n')}\n${indent}}`;
}
