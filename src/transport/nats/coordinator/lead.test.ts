import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { jetstream } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { connect } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JOB, type NatsFederation, natsFederation } from '../../../../test/nats-federation.js';
import { withoutNats } from '../../../../test/nats-server.js';
import type { Assignment } from '../../../protocol/assignment.js';
import { FencedError, TransportError } from '../../error.js';
import { evaluated, exampleSigner } from '../../transport.contract.js';
import { leaderKey, PRESENCE_BUCKET, STATE_BUCKET, stateKey } from '../names.js';
import { type LeadOptions, takeLead } from './take-lead.js';

const wait = (epoch: number, sequence: number): Assignment => ({ type: 'wait', epoch, sequence, round: 1 });
/** Waits for five beats of its own, twelve of a leader that is a little late. */
const standby = { standby: true, leaderBeatMs: 600 };

describe.skipIf(withoutNats)('the lead of a job', () => {
  let federation: NatsFederation;
  beforeEach(async () => {
    federation = await natsFederation();
  });
  afterEach(() => federation.close());

  const take = async (options?: LeadOptions) =>
    federation.keep(await takeLead(federation.server.url, exampleSigner, options));

  /** A coordinator in a process of its own, which has published when it is returned. */
  async function leaderProcess() {
    const script = `
      import { takeLead } from ${JSON.stringify(resolve('src/transport/nats/coordinator/take-lead.ts'))};
      import { signer } from ${JSON.stringify(resolve('src/protocol/signed.ts'))};
      const mine = signer(new Uint8Array(32).fill(7), '${JOB}');
      const lead = await takeLead(${JSON.stringify(federation.server.url)}, mine, { leaderBeatMs: 250 });
      await lead.publish(${JSON.stringify(wait(1, 1))});
      console.log('leads');`;
    const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    const kill = async () => {
      child.kill('SIGKILL');
      await exited;
    };
    federation.keep({ close: kill });
    await once(child.stdout, 'data');
    return kill;
  }

  async function leaderBeats(count: number) {
    const connection = federation.keep(await connect({ servers: federation.server.url }));
    const beats = connection.subscribe(`$KV.${PRESENCE_BUCKET}.${leaderKey(JOB)}`);
    for await (const _ of beats) if (beats.getProcessed() === count) return;
  }

  it('is taken by a standby within seconds when the leader is killed, and not before', async () => {
    const kill = await leaderProcess();
    let killed: number | undefined;
    const taken = take(standby).then((lead) => {
      // Not before, however many beats it heard meanwhile.
      expect(killed).toBeDefined();
      return lead;
    });
    await Promise.race([leaderBeats(14), taken]);
    await kill();
    killed = performance.now();
    const lead = await taken;
    const seconds = (performance.now() - killed) / 1000;
    expect(lead.epoch).toBe(2);
    // Three, and a slow machine.
    expect(seconds).toBeLessThan(60);
  });

  it('is taken as soon as the leader leaves', async () => {
    const first = await take({ leaderBeatMs: 60_000 });
    const second = take({ standby: true, leaderBeatMs: 60_000 });
    await first.close();
    expect((await second).epoch).toBe(2);
  });

  it('is not taken at once from a leader that has won, and has not said yet that it is there', async () => {
    const first = await take();
    await first.close();
    const connection = federation.keep(await connect({ servers: federation.server.url }));
    const bucket = await new Kvm(jetstream(connection)).open(STATE_BUCKET);
    await bucket.put(stateKey(JOB), JSON.stringify(exampleSigner.sign('nats-state', { epoch: 2 })));
    const begun = performance.now();
    expect((await take({ standby: true, leaderBeatMs: 100 })).epoch).toBe(3);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(500);
  });

  it('is taken by one of two standbys; the other goes on waiting', async () => {
    const first = await take({ leaderBeatMs: 1000 });
    const giveUp = new AbortController();
    const leads: number[] = [];
    const waiting = [1, 2].map(async () => {
      const lead = await take({ standby: true, leaderBeatMs: 1000, signal: giveUp.signal });
      leads.push(lead.epoch);
    });
    await first.close();
    await Promise.race(waiting);
    // Longer than a standby waits; the machine may be busy, and a beat late.
    await leaderBeats(6);
    expect(leads).toEqual([2]);
    giveUp.abort();
    const ends = await Promise.allSettled(waiting);
    const [lost] = ends.filter((end) => end.status === 'rejected');
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(lost?.reason).toBeInstanceOf(TransportError);
  });

  it('is lost at once when another takes it: nothing more can be published, and it is told', async () => {
    const first = await take();
    await first.publish(wait(1, 1));
    const fenced = new Promise<FencedError>((tell) => first.onFenced(tell));
    const second = await take();
    // Though the second has published nothing yet.
    await expect(first.publish(wait(1, 2))).rejects.toThrow(FencedError);
    expect((await fenced).message).toMatch(/since epoch 2/);
    await second.publish(wait(2, 2));
    await expect(first.publish(wait(1, 3))).rejects.toThrow(FencedError);
  });

  it('has what was being heard when it was lost heard by the next', async () => {
    let hearing: () => void;
    const begun = new Promise<void>((begin) => {
      hearing = begin;
    });
    let goOn: () => void;
    const stopped = new Promise<void>((go) => {
      goOn = go;
    });
    await federation.openCoordinator({
      async receive() {
        hearing();
        await stopped;
        return { accepted: false, reason: 'over', message: 'said by a coordinator that was fenced' };
      },
    });
    const participant = await federation.openParticipant('site-a');
    const receipt = participant.announce(evaluated(1));
    await begun;
    const heard: unknown[] = [];
    await federation.openCoordinator({
      async receive(...said) {
        heard.push(said);
        goOn();
        return { accepted: true };
      },
    });
    expect(await receipt).toEqual({ accepted: true });
    expect(heard).toEqual([['site-a', evaluated(1)]]);
  });
});
