/**
 * A federation of three processes, some of which die by SIGKILL at the moments that they are told
 * (`moments.mjs`) and are started again by the same command.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'vitest';
import { parse, stringify } from 'yaml';
import { commonweight } from '../command-in-process.js';
import { handedOut } from '../handed-out.js';
import { type Started, sample, start } from '../run-command.js';

const preloads = ['full-disk.mjs', 'moments.mjs'].map(
  (name) => `--import ${resolve(import.meta.dirname, name)}`,
);

/** What becomes of a process: a pattern of the moment at which it dies, or another end. */
export type Fate =
  | string
  /** What is done when it is dead, before it is started again. */
  | { readonly dieAt: string; readonly after: () => void }
  /** A mistake that it names, and ends. */
  | { readonly names: RegExp; readonly after: () => void }
  /** A pattern of what it cannot write: it says so and ends. */
  | { readonly fullAt: string }
  /** The same, and it goes on to the end. */
  | { readonly survives: string };

/** Of the first start, the next, and so on; then a process is left alone. */
export interface Fates {
  readonly coordinator?: readonly Fate[];
  /** Of environment-1. */
  readonly participant?: readonly Fate[];
}

/**
 * A few seconds of work for two participants. What is said of a setting takes the place of what is
 * said here.
 */
export function federationYaml(more = ''): string {
  const settings = `dataset: ${sample}
seed: 5
partition: { name: v, participants: 2 }
model: { name: mlp, hidden: [32] }
optimizer: { name: sgd, learningRate: 0.05 }
local: { epochs: 1 }
rounds: 2
`;
  return stringify({ ...parse(settings), ...parse(more) });
}

/**
 * Everybody dies when told, all processes end well, and all have the model of a run on one machine
 * in the end.
 * @param folder a new one
 * @returns what they said
 */
export async function expectSameAsRun(
  folder: string,
  yaml: string,
  fates: Fates,
  options: FederateOptions,
): Promise<Said> {
  mkdirSync(folder);
  writeFileSync(join(folder, 'federation.yaml'), yaml);
  const [modelOf, { models, names, said }] = await Promise.all([
    modelsOfRun(yaml, folder),
    federate(folder, fates, options),
  ]);
  for (const [k, one] of models.entries()) expect(one.equals(modelOf(names[k] as string))).toBe(true);
  return said;
}

/** By the name of the coordinator or a participant. */
type ModelOf = (name: string) => Buffer;

const runs = new Map<string, Promise<ModelOf>>();

/**
 * What `commonweight run` makes of these settings: trained once for all who ask. Where tensors stay
 * with their owners, each participant has a model of its own.
 */
function modelsOfRun(yaml: string, folder: string): Promise<ModelOf> {
  const out = join(folder, 'run');
  const models =
    runs.get(yaml) ??
    commonweight(['run', join(folder, 'federation.yaml'), '--out', out]).then(({ stderr }) => {
      expect(stderr).toBe('');
      const model = readFileSync(join(out, 'model.safetensors'));
      const personal = new Map(
        readdirSync(out).includes('personal')
          ? readdirSync(join(out, 'personal')).map((file) => [
              file,
              readFileSync(join(out, 'personal', file)),
            ])
          : [],
      );
      return (name: string) => personal.get(`${name}.safetensors`) ?? model;
    });
  runs.set(yaml, models);
  return models;
}

export interface FederateOptions {
  /** Names of moments go to `coordinator.moments` and `participant.moments`. */
  readonly record?: boolean;
  /** Ends all processes. */
  readonly signal?: AbortSignal;
  /** Fewer than are expected. */
  readonly participants?: number;
  /** What participants join with, in place of their share of the sample. */
  readonly data?: (participant: number) => readonly string[];
  /** Messages go over this NATS server, in place of the hub. */
  readonly nats?: { readonly url: string };
  /** Models and updates, too. */
  readonly objectStore?: boolean;
  /**
   * Told of everything that a coordinator has printed since it was started, whenever there is more.
   */
  readonly onOutput?: (text: string, started: Started) => void;
}

/** All that was said on stdout and stderr. */
export interface Said {
  readonly coordinator: string;
  readonly participant: string;
}

export interface Outcome {
  /** The final models, as the coordinator and each participant have them. */
  readonly models: readonly Buffer[];
  /** "coordinator", and those of the participants. */
  readonly names: readonly string[];
  readonly said: Said;
}

/** Leads the federation of `folder`/federation.yaml to its end. */
export async function federate(
  folder: string,
  { coordinator: leaderFates = [], participant: fates = [] }: Fates,
  {
    record = false,
    signal,
    participants = Infinity,
    data,
    nats,
    objectStore = false,
    onOutput,
  }: FederateOptions = {},
): Promise<Outcome> {
  const at = (...path: string[]) => join(folder, ...path);
  const running = new Set<Started>();
  const killAll = () => {
    for (const { child } of running) child.kill('SIGKILL');
  };
  signal?.addEventListener('abort', killAll);
  /**
   * One process after the other by one command, until one ends by itself. @returns what they said
   */
  async function lives(
    fates: readonly Fate[],
    moments: string,
    command: () => readonly string[],
    onStart?: (started: Started) => void,
  ): Promise<string> {
    let said = '';
    for (const fate of [...fates, undefined]) {
      const { dieAt, fullAt, survives, names, after } = fateOf(fate);
      const env = {
        NODE_OPTIONS: preloads.join(' '),
        DIE_AT: dieAt,
        FULL_AT: fullAt ?? survives,
        MOMENTS: record ? at(moments) : undefined,
      };
      const process = start(command(), { env });
      running.add(process);
      onStart?.(process);
      const { status, stdout, stderr } = await process.ended;
      running.delete(process);
      signal?.throwIfAborted();
      said += stdout + stderr;
      const { signalCode } = process.child;
      const ended =
        (dieAt && signalCode === 'SIGKILL') ||
        (fullAt && status === 75 && /no space is left|no room on the disk/.test(stderr)) ||
        (names && status === 2 && names.test(stderr)) ||
        (!dieAt && !fullAt && !names && (status === 0 || signalCode === 'SIGTERM'));
      if (!ended) {
        throw new Error(
          `${command()[0]}, ${JSON.stringify(fate)}: ${status ?? signalCode}\n${stdout}${stderr}`,
        );
      }
      after?.();
      // Who has said goodbye has all that there is, and nobody may be left to ask.
      if (survives !== undefined || /left (sent|answered)/.test(dieAt ?? '')) break;
    }
    return said;
  }

  let leader: Started | undefined;
  let leaderSaid = '';
  let everybodyEnded = false;
  /** It would wait for goodbyes that were lost with it: nobody is left who could say them again. */
  const letGo = () => {
    if (everybodyEnded && leaderSaid.includes('the final model is there for')) leader?.child.kill('SIGTERM');
  };
  let url = '';
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const serve = () => {
    const port = url === '' ? '0' : new URL(url).port;
    const blobs = objectStore ? ['--nats-object-store'] : [];
    const over = nats === undefined ? [] : ['--nats', nats.url, ...blobs];
    return ['serve', at('federation.yaml'), '--out', at('coordinator'), '--port', port, ...over];
  };
  const leading = lives(leaderFates, 'coordinator.moments', serve, (process) => {
    leader = process;
    leaderSaid = '';
    let text = '';
    process.child.stdout?.on('data', (more: string) => {
      text += more;
      leaderSaid = text;
      letGo();
      url = /the hub listens on (\S+)\n/.exec(text)?.[1] ?? url;
      if (/^round /m.test(text)) open();
      onOutput?.(text, process);
    });
  });
  try {
    await Promise.race([opened, leading]);
    const { tokens } = handedOut(at('coordinator'));
    const all = [...tokens.keys()].filter((name) => name !== 'operator' && name !== 'observer');
    const names = all.slice(0, participants);
    const joining = names.map((name, k) => {
      const token = tokens.get(name) as string;
      const share = data?.(k) ?? ['--data', sample, '--partition', `v:${k + 1}/${all.length}`];
      const place = () => (nats === undefined ? [url] : [nats.url, '--name', name]);
      const join = () => ['join', ...place(), '--token', token, ...share, '--out', at(name)];
      return lives(k === 0 ? fates : [], k === 0 ? 'participant.moments' : 'other.moments', join);
    });
    const [participant = ''] = await Promise.race([
      Promise.all(joining),
      leading.then(() => Promise.all(joining)),
    ]);
    everybodyEnded = leaderFates.length + fates.length > 0;
    letGo();
    const coordinator = await leading;
    const everybody = ['coordinator', ...names];
    const models = everybody.map((name) => readFileSync(at(name, 'model.safetensors')));
    return { models, names: everybody, said: { coordinator, participant } };
  } finally {
    killAll();
    signal?.removeEventListener('abort', killAll);
  }
}

function fateOf(fate: Fate | undefined): {
  dieAt?: string;
  fullAt?: string;
  survives?: string;
  names?: RegExp;
  after?: () => void;
} {
  return typeof fate === 'string' ? { dieAt: fate } : { ...fate };
}
