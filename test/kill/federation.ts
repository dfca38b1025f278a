/**
 * A federation of three processes, some of which die by SIGKILL at the moments that they are told (`moments.mjs`) and are
 * started again by the same command.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'vitest';
import { parse, stringify } from 'yaml';
import { commonweight, type Started, sample, start } from '../run-command.js';

const preload = resolve(import.meta.dirname, 'moments.mjs');

/** Patterns of moments: the first start dies at the first, the next at the second. */
export interface Deaths {
  readonly coordinator?: readonly string[];
  /** Of environment-1. */
  readonly participant?: readonly string[];
}

/** A few seconds of work for two participants. What is said of a setting takes the place of what is said here. */
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
 * Everybody dies when told, all processes end well, and all have the model of a run on one machine in the end.
 * @param folder a new one
 */
export async function expectSameAsRun(
  folder: string,
  yaml: string,
  deaths: Deaths,
  options: FederateOptions,
): Promise<void> {
  mkdirSync(folder);
  writeFileSync(join(folder, 'federation.yaml'), yaml);
  const [model, models] = await Promise.all([modelOfRun(yaml, folder), federate(folder, deaths, options)]);
  for (const one of models) expect(one.equals(model)).toBe(true);
}

const runs = new Map<string, Promise<Buffer>>();

/** What `commonweight run` makes of these settings: trained once for all who ask. */
function modelOfRun(yaml: string, folder: string): Promise<Buffer> {
  const out = join(folder, 'run');
  const model =
    runs.get(yaml) ??
    commonweight(['run', join(folder, 'federation.yaml'), '--out', out]).then(({ stderr }) => {
      expect(stderr).toBe('');
      return readFileSync(join(out, 'model.safetensors'));
    });
  runs.set(yaml, model);
  return model;
}

export interface FederateOptions {
  /** Names of moments go to `coordinator.moments` and `participant.moments`. */
  readonly record?: boolean;
  /** Ends all processes. */
  readonly signal?: AbortSignal;
  /** Messages go over this NATS server, in place of the hub. */
  readonly nats?: { readonly url: string };
  /** Told of everything that a coordinator has printed since it was started, whenever there is more. */
  readonly onOutput?: (text: string, started: Started) => void;
}

/**
 * Leads the federation of `folder`/federation.yaml to its end.
 * @returns the final models, as the coordinator and each participant have them
 */
export async function federate(
  folder: string,
  { coordinator: leaderDeaths = [], participant: deaths = [] }: Deaths,
  { record = false, signal, nats, onOutput }: FederateOptions = {},
): Promise<readonly Buffer[]> {
  const at = (...path: string[]) => join(folder, ...path);
  const running = new Set<Started>();
  const killAll = () => {
    for (const { child } of running) child.kill('SIGKILL');
  };
  signal?.addEventListener('abort', killAll);
  /** One process after the other by one command, until one ends by itself. */
  async function lives(
    deaths: readonly string[],
    moments: string,
    command: () => readonly string[],
    onStart?: (started: Started) => void,
  ): Promise<void> {
    for (const death of [...deaths, undefined]) {
      const env = {
        NODE_OPTIONS: `--import ${preload}`,
        DIE_AT: death,
        MOMENTS: record ? at(moments) : undefined,
      };
      const process = start(command(), { env });
      running.add(process);
      onStart?.(process);
      const { status, stdout, stderr } = await process.ended;
      running.delete(process);
      const { signalCode } = process.child;
      const expected =
        death === undefined ? status === 0 || signalCode === 'SIGTERM' : signalCode === 'SIGKILL';
      if (!expected) {
        const how = death === undefined ? 'did not end well' : `did not die at "${death}"`;
        throw new Error(`${command()[0]} ${how}: ${status ?? signalCode}\n${stdout}${stderr}`);
      }
      // Who was answered its goodbye has all that there is, and nobody may be left to ask.
      if (death?.includes('left answered')) return;
    }
  }

  let leader: Started | undefined;
  let url = '';
  const tokens = new Map<string, string>();
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const serve = () => {
    const port = url === '' ? '0' : new URL(url).port;
    const over = nats === undefined ? [] : ['--nats', nats.url];
    return ['serve', at('federation.yaml'), '--out', at('coordinator'), '--port', port, ...over];
  };
  const leading = lives(leaderDeaths, 'coordinator.moments', serve, (process) => {
    leader = process;
    let text = '';
    process.child.stdout?.on('data', (more: string) => {
      text += more;
      url = /the hub listens on (\S+)\n/.exec(text)?.[1] ?? url;
      for (const [, name, token] of text.matchAll(/ {2}(\S+): {2}commonweight join .*--token (\S+) .*\n/g)) {
        tokens.set(name as string, token as string);
      }
      if (/^round /m.test(text)) open();
      onOutput?.(text, process);
    });
  });
  try {
    await Promise.race([opened, leading]);
    const joining = [...tokens].map(([name, token], k) => {
      const share = ['--data', sample, '--partition', `v:${k + 1}/${tokens.size}`];
      const place = () => (nats === undefined ? [url] : [nats.url, '--name', name]);
      const join = () => ['join', ...place(), '--token', token, ...share, '--out', at(name)];
      return lives(k === 0 ? deaths : [], k === 0 ? 'participant.moments' : 'other.moments', join);
    });
    await Promise.race([Promise.all(joining), leading.then(() => Promise.all(joining))]);
    // It would wait for goodbyes that were lost with it: nobody is left who could say them again.
    if (leaderDeaths.length > 0) leader?.child.kill('SIGTERM');
    await leading;
    return ['coordinator', ...tokens.keys()].map((name) => readFileSync(at(name, 'model.safetensors')));
  } finally {
    killAll();
    signal?.removeEventListener('abort', killAll);
  }
}
