/** The page about the protocol: what the schemas say, and in words what no schema can. */
import type { z } from 'zod';
import { announcementSchema, progressSchema, receiptSchema } from '../../src/protocol/announcement.js';
import { assignmentSchema } from '../../src/protocol/assignment.js';
import { blobSchema } from '../../src/protocol/blob-name.js';
import { descriptionSchema } from '../../src/protocol/description.js';
import { MOST_PLAN_BYTES, planHeaderSchema } from '../../src/protocol/foreign-plan.js';
import { hubFrameSchema, participantFrameSchema } from '../../src/protocol/frames.js';
import { identitySchema, tokenRequestSchema } from '../../src/protocol/identity.js';
import { describedSchema, PURPOSE, signedSchema } from '../../src/protocol/signed.js';
import { statusSchema } from '../../src/protocol/status.js';
import { PROTOCOL_VERSION } from '../../src/protocol/version.js';
import { defaultLimits, type HubLimits } from '../../src/transport/hub/server/guard/limits.js';
import type { Exchange } from './exchange.js';
import { httpRefusals, httpRoutes } from './http-routes.js';
import { lifeOfAParticipant } from './life.js';
import { schemaTables } from './schema-tables.js';
import { wrapped } from './wrap.js';

/**
 * Everything that a participant says and hears, in the order in which it is told; what these are
 * made of follows.
 */
export const messageSchemas: readonly z.ZodType[] = [
  hubFrameSchema,
  participantFrameSchema,
  signedSchema,
  describedSchema,
  descriptionSchema,
  assignmentSchema,
  announcementSchema,
  receiptSchema,
  progressSchema,
  blobSchema,
];
export const otherSchemas: readonly z.ZodType[] = [
  planHeaderSchema,
  statusSchema,
  tokenRequestSchema,
  identitySchema,
];

export function protocolPage(exchange: Exchange): string {
  const told = new Set<string>();
  const messages = schemaTables(messageSchemas, told);
  const others = schemaTables(otherSchemas, told);
  const page = fill(TEXT, {
    version: `${PROTOCOL_VERSION}`,
    life: lifeOfAParticipant(exchange),
    routes: routesTable(),
    refusals: refusalsTable(),
    limits: limitsTable(),
    purpose: JSON.stringify(PURPOSE),
    planBytes: inWords(MOST_PLAN_BYTES),
    training: modelTable(exchange.plan.training),
    evaluation: modelTable(exchange.plan.evaluation),
    updateHeader: exchange.updateHeader.replaceAll('},', '},\n'),
    messages,
    others,
  });
  return `${wrapped(page).trim()}\n`;
}

function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the page has nothing for {{${name}}}`);
    return value;
  });
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const routesTable = () =>
  table(
    ['Request', 'Token of', 'What it asks', 'What it answers'],
    httpRoutes.map(({ method, path, roles, asks, answers }) => [
      `\`${method} ${path}\``,
      roles.length === 0 ? 'none' : roles.join(', '),
      asks,
      answers,
    ]),
  );

const refusalsTable = () =>
  table(
    ['Status', '`reason`', 'Meaning'],
    httpRefusals.map(([status, reason, means]) => [`${status}`, `\`${reason}\``, means]),
  );

/** What the limits of a hub mean, and their units. */
const limits: Readonly<Record<keyof HubLimits, readonly [means: string, unit: 'bytes' | 'ms' | '']>> = {
  connections: ['connections in all', ''],
  strangers: ['connections that have not shown a valid token', ''],
  strangersPerAddress: ['of them from one address', ''],
  connectionsPerToken: ['connections by which one token has come', ''],
  blobBytes: ['the size of a blob', 'bytes'],
  pendingBytes: ['all that one participant has uploaded and not announced', 'bytes'],
  pendingBlobs: ['blobs of it', ''],
  transfers: ['uploads and downloads of one participant at once', ''],
  transfersInAll: ['uploads and downloads of all participants at once', ''],
  frameBytes: ['the size of a frame of a participant', 'bytes'],
  framesPerSecond: ['frames of one participant, on average; four seconds of them may come at once', ''],
  unreadBytes: ['frames that wait for a participant who does not read', 'bytes'],
  headersMs: ['until the headers of a request are there', 'ms'],
  stallMs: ['in this time a transfer has to move `stallBytes`', 'ms'],
  stallBytes: ['the least that a transfer moves in `stallMs`', 'bytes'],
  heartbeatMs: ['from one `ping` to the next', 'ms'],
  answerMs: ['to answer a `ping` while another process wants the place', 'ms'],
};

const limitsTable = () =>
  table(
    ['Limit', 'By default', 'Of what'],
    Object.entries(limits).map(([name, [means, unit]]) => {
      const value = defaultLimits[name as keyof HubLimits];
      const written = unit === 'bytes' ? inWords(value) : value.toLocaleString('en-US');
      return [`\`${name}\``, unit === 'ms' ? `${written} ms` : written, means];
    }),
  );

function inWords(bytes: number): string {
  const [size, unit] = (
    [
      [2 ** 30, 'GiB'],
      [2 ** 20, 'MiB'],
      [2 ** 10, 'KiB'],
    ] as const
  ).find(([one]) => bytes >= one) ?? [1, 'bytes'];
  return `${bytes / size} ${unit}`;
}

function modelTable({ inputs, outputs }: Exchange['plan']['training']): string {
  const rows = (what: string, values: typeof inputs) =>
    values.map(({ name, type, shape }) => [what, `\`${name}\``, `${type} [${shape.join(', ')}]`]);
  return table(['', 'Name', 'Type and shape'], [...rows('in', inputs), ...rows('out', outputs)]);
}

const TEXT = `
<!-- Written by \`npm run protocol\` from the schemas in src/protocol and a recorded exchange. Do not edit: change the schemas,
     or scripts/protocol. A test fails where this page says anything else. -->

# The protocol

This page says what goes between a participant and the hub of a coordinator, down to the byte, so that a participant can be
written in another language. [examples/python/participant.py](../examples/python/participant.py) is one, in Python with ONNX
Runtime. The words are those of the [glossary](glossary.md). What follows is version **{{version}}** of the protocol.

A participant opens one WebSocket for messages, and makes HTTP requests to the same port for files. Messages are small JSON
texts. Files are *blobs*, named by their SHA-256. What the coordinator says is signed. A message is a state and no event: who
comes late, or comes back, reads the current one and knows all there is to know.

## The life of a participant

The messages are those of a real participant, in a federation of two, as a proxy between it and the hub recorded them. Long
texts are cut off at “…”; \`TOKEN\` and \`VERSION\` stand for the real ones.

{{life}}

## HTTP

A token goes into \`Authorization: Bearer TOKEN\`, never into an address. All bodies but blobs are JSON. Refused requests are
answered with \`{"reason":…,"error":…,"hint":…}\`: a word for programs, a sentence for people, and perhaps what to do.

{{routes}}

{{refusals}}

After 408, 409, 429 and everything from 500 on, another try makes sense: wait 0.1 s, twice as long each time up to 5 s, with
some chance in it, so that not all participants come at the same moment. Everything else is final.

### Limits

A hub can be told other limits. Who stays far below these has nothing to fear.

{{limits}}

## WebSocket

The address is \`/messages\`. The client offers the subprotocols \`commonweight.{{version}}\` and \`token.TOKEN\`. Frames are texts
of JSON in UTF-8, one message each. An unknown field is an error, on both sides, except in \`refused\`. The connection is alive as
long as something comes within three heartbeats (\`heartbeatMs\` of \`welcome\`); who hears nothing for longer connects again.
A lost connection loses nothing: the hub says \`welcome\` and the current assignment again, and the participant repeats the
announcement that has no receipt yet. One participant has one connection: a newer one from the same address replaces the older.

{{messages}}

## Signatures

The coordinator has one Ed25519 key (RFC 8032) for the whole run. It signs the description and every assignment. What is signed
are the bytes of

    {{purpose}} + statement

(the first is JSON's way to write a text that ends in a line feed) in UTF-8. The statement travels as the text that was signed,
so nobody has to write JSON in the same way again. It is JSON of

    {"kind": "description" or "assignment", "job": …, "value": …}

Verify strictly: one encoding of each key and signature, no key of small order. Then check \`kind\`, and that \`job\` is that of the
description. A statement that fails is left out, and the next one waited for; a description that fails ends the participant.

The operator gives the key with the token. Without it the key of the first description can be taken and kept, which trusts the
first connection. A coordinator that is started again has a larger \`epoch\`; an assignment is older if its (\`epoch\`, \`sequence\`)
is smaller. Older ones are left out, so nobody can replay what the coordinator said once.

## Blobs

A blob is a sequence of bytes, named by its SHA-256 in lower-case hexadecimal digits. Check the hash of what was fetched.

*Upload.* \`HEAD /blobs/HASH\` answers \`Upload-Complete: ?1\` if it is there, else how many bytes are, in \`Upload-Offset\`. \`PUT\` the
rest with that \`Upload-Offset\` (the fields are those of draft-ietf-httpbis-resumable-upload). 201 means that it is whole and
its hash right. When the connection is lost, what came is kept: ask by HEAD and go on. An offset of 0 begins anew. On 422 the
bytes were damaged on the way: begin anew. What was uploaded and is not announced may be removed when there is too much of it;
the receipt then says \`no-blob\`.

*Download.* \`GET /blobs/HASH\`, and after a lost connection the rest by \`Range: bytes=N-\`. Participants can fetch what the
description and the assignments name.

## The file of an update

An update is a [safetensors](https://github.com/huggingface/safetensors#format) file, and so is every model: 8 bytes with the
length of the header (unsigned, little-endian), the header as JSON, then the values. The coordinator accepts one way of writing
it only. By the codec \`plain\` (\`codec.update\` in the configuration) it is:

- All tensors of the plan's table, in its order, without gaps; every dtype \`F32\`, little-endian, row-major. (Names that end in
  \`num_batches_tracked\` are counters: \`I64\`, before all others.)
- In the header, for each tensor \`"name":{"dtype":…,"shape":[…],"data_offsets":[begin,end]}\`, these fields in this order, without
  spaces between tokens, without \`__metadata__\`; then spaces up to a multiple of 8 bytes.
- All values finite. The weights lie no further from where they began than 100 × max(1, size), by the root of the mean square.
- Where the configuration has \`clipUpdate\`, the L2 norm of the change of the weights is at most that: a participant scales a larger
  change down before it writes the file. (Statistics and counters do not count.)

By the codec \`half\` a weight tensor has the dtype \`F16\`: of each weight its change since the round began, as a float16, rounded to
nearest with ties to even, at most 65504 from zero. Tensors with larger elements come before those with smaller ones, each kind in the
order of the table: counters (\`I64\`), statistics (\`F32\`, as they are), weights. The coordinator adds the changes to what the round
began with, in float32; the limits above are of that sum. In round 1 that may be weights of the participant’s own. Other names are
codecs of the coordinator’s own code: a participant that does not know one cannot take part. Attachments and frozen weights are always
plain.

The header of the recorded update, here with line breaks between tensors:

\`\`\`json
{{updateHeader}}
\`\`\`

The *state* that the models of the plan take is all values of the table, one after the other, in one vector of float32: the bytes
behind the header, where there are no counters. In a model that the coordinator sends, tensors can stand in another order, and
metadata may be there: find them by name. A model whose metadata have \`codec\` is coded by that codec (\`codec.model\`), as if it were
the change from zero; without it, it is plain.

## The answer to a survey

Round 1 begins with the assignment \`survey\` where numbers are prepared by the rows of all (the configuration has \`preprocessing\`
with the \`statistics\` “global”, and no \`initialModel\`), and where \`loss.classWeights\` of a classification is “balanced”. Where only
the latter holds, only the targets are asked about. The survey asks for one vector of sums over the own training rows, in float64. It begins with the number of rows. For each feature of the inputs, then of the
targets, in their order, it goes on with:

- *counts*: how many rows fall into each cell. Cells of a number are below, the bins, above, missing; of a category (or a class) its
  names in their order, another one, missing. A bin holds its lower edge, the last one its upper edge too. With a \`range\` there are
  20 bins of equal width; without one their edges are ±2^(k/4 − 10) for k = 0 … 160, in ascending order.
- *hidden*: for each cell 1 if it is not what it is shown as, else 0. Of a cell with fewer rows than \`preprocessing.smallestCount\` (5 without \`preprocessing\`)
  the participant counts the rows in another one (\`src/data/survey/hide-small.ts\` has the rule).
- of a number, the *sum* and the *sum of squares* of (x − c)/s over the rows that have one, a value beyond ±m counting as ±m: with a
  \`range\`, c is its middle, s half its width and m = 1; without one c = 0, s = 1 and m = 2^30. A row of a hidden cell counts as if it
  had the value of a row in the cell that it is counted in.

Columns of pictures, tokens and arrays, and numbers or classes with a shape, are not asked about. With fewer training rows than
\`smallestCount\`, all is 0. The file is one like that of an update by the codec \`plain\`, with the tensors \`survey.high\`,
\`survey.middle\` and \`survey.low\`, each as long as the vector: the float32 nearest to each sum, that nearest to what is left, and
again. An answer is refused whose counts are not whole, do not add up to the rows, or which has more rows than were joined with, or a sum
that so many rows cannot have. A participant answers one survey of a job, and gives the same bytes when it is asked again.

From then on, assignments name the \`constants\` that the coordinator made: tensors \`preprocess.constants.NAME\` and
\`loss.constants.classWeights\`, parts of the plan’s frozen vector. The file of a model does without the latter.

## The hash of the description

The hash of the description is what an owner agrees to, in 64 digits. It is apart from the hash of the plan, which says how a step
is computed, but nothing of rounds, merging or who else takes part. It is the SHA-256 of a text in UTF-8:

- take the description without its fields \`job\`, \`foreignPlan\` and \`commonweight\`, which are not agreed on;
- write it as canonical JSON ([RFC 8785](https://www.rfc-editor.org/rfc/rfc8785)): names of objects in the order of their UTF-16
  code units, numbers and strings as JavaScript writes them, no white space. The description comes with its numbers and strings
  written so, which leaves the order and the white space.

The coordinator prints it when it starts and signs it with the description (\`sha256\`); end if another comes out. It stays the same
when the run is taken up again, unless a setting is changed, such as \`rounds\`. A participant that took part before by another
one should say so to its owner.

## The plan

A plan is what a participant needs besides its data: the table of tensors, a training model and an evaluation model (ONNX). Its
hash, \`plan\` in the description, is the SHA-256 over

    training model, evaluation model, table of tensors of the state, table of frozen tensors,
    each table as JSON: [["name",[shape…]],…]

each after its length in bytes (unsigned, 64 bits, little-endian); the JSON has no spaces, and characters beyond ASCII stand in it
as they are, in UTF-8.

Participants of Commonweight compile the plan themselves and compare the hash: no graph has to be trusted. For others the
coordinator offers the file of its plan (\`foreignPlan\`, at most {{planBytes}}): a header length (unsigned, 64 bits,
little-endian), the header (JSON, [Header of a plan](#header-of-a-plan)), the training model, the evaluation model, and perhaps a
third. It is offered where the network is the coordinator’s own code, and with \`serve --offer-plan\` for every network, except
where each participant draws initial weights of its own. A plan reads data and writes weights: **a malicious one could copy
examples into what it calls weights.** Commonweight itself takes one only with \`--accept-foreign-plan\`, and checks every operator
and shape; see [security.md](security.md).

The training model of the recorded federation:

{{training}}

The evaluation model:

{{evaluation}}

A model takes only the inputs that it needs: a graph is without those that change nothing, and inputs can come in any order.
\`state\` is the vector of weights, followed by statistics and counters where the network has some. \`frozen\` is the vector of what
no step changes. \`slot0\`, \`slot1\` … are the vectors of the optimizer, each as long as there are weights; all slots are zero when a
round begins. \`next…\` is what they become. Batches have one fixed size. An empty place has the first example again and the weight 0, an example the
weight 1. \`step\` counts from 1 in every round; \`seed\` is any number that differs from round to round; \`learningRate\` is that of the
step. All other outputs but \`predictions\` are sums over the examples of the batch. Corrections of local training have inputs of their own:
\`strength\` (1 while it is at work, 0 after \`until\`), \`globalState\` (the weights that the round began with), \`controlDrift\` (of
SCAFFOLD) and \`classCounts\` (own training examples of each class).

## Local work

- Set the part \`partition.validation\` of the own examples aside before round 1, the same for the whole run. They are never trained
  on. A number of a category is its place among the \`names\` of the column.
- With \`local.epochs\` (1 where nothing is said): go through all training examples in a random order, \`batchSize\` at a time, at most
  so many times. With \`local.threshold\` (\`firstThreshold\` in round 1) stop after the pass with which the own
  model reaches it on the validation data. With \`local.steps\`: make exactly so many steps; the batches go on from round to round.
- The learning rate of a step is \`optimizer.learningRate\` times the schedule at (steps before, steps of the run). With epochs a
  round has \`ceil(examples / batchSize) × epochs\` steps, even if it stopped early, and the run \`rounds\` times as many.
  \`constant\` is 1.
- Slots are not kept from round to round.

For the coordinator any order, any seed and any rounding will do. Commonweight's own participants give the same bytes as a run on
one machine, because order, seeds and augmentation come from streams keyed by (seed, participant, round, purpose); another
participant need not.

## Versions

The number behind \`commonweight.\` in the subprotocols counts versions of everything on this page. There is no compatibility
between versions: a hub that is offered another one completes the handshake, sends \`refused\` with the reason \`version\` and a
message that names both, and closes. The form of that frame stays the same in every version. \`GET /healthz\` tells the version
without a token. A participant checks \`protocol\` of the description, too.

Over NATS the same statements, announcements and blobs travel by other means: see [nats.md](nats.md).

## The plan's header, status, tokens

{{others}}
`;
