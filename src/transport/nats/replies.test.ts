/**
 * A server answers a request on the subject that the request names, with rights of its own: what a
 * site makes of that.
 */
import { readFile } from 'node:fs/promises';
import { jetstream } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JOB, type NatsFederation, natsFederation } from '../../../test/nats-federation.js';
import { certFile, guideConfiguration, subjectsOfSiteA } from '../../../test/nats-guide.js';
import { withoutNats } from '../../../test/nats-server.js';
import type { Assignment } from '../../protocol/assignment.js';
import { evaluated } from '../transport.contract.js';
import { leaderKey, participantKey, receiptSubject, stateKey, subjectOf } from './names.js';

const wait = (sequence: number): Assignment => ({ type: 'wait', epoch: 1, sequence, round: sequence });
const kv = (key: string) => `$KV.commonweight.${key}`;
const presence = (key: string) => `$KV.commonweight_presence.${key}`;

/** Where somebody else is read, or the server does as it is told. */
const targets = [
  ...[kv(stateKey(JOB)), kv(`${JOB}.description`), kv('current')],
  ...[presence(leaderKey(JOB)), presence(participantKey(JOB, 'site-b'))],
  ...[subjectOf(JOB, 'site-b', evaluated(1)), receiptSubject(JOB, 'site-b')],
  ...[`commonweight.${JOB}.progress.site-b`, `commonweight.${JOB}.blob.site-b`],
  ...['$O.commonweight_models.C.x', '$O.commonweight_models.M.x', '$O.commonweight_from_site-b.C.x'],
  ...['_INBOX_site-b.x', '_INBOX.x', '$JS.API.STREAM.DELETE.KV_commonweight'],
  ...['$JS.API.STREAM.PURGE.OBJ_commonweight_models', '$JS.ACK.x', '$JS.FC.x'],
];

/** A question that is answered by more than an error, where that is possible. */
const questions = (subject: string): string[] => {
  if (subject.includes('STREAM.MSG.GET')) return ['{"seq":1}', '{"seq":9999}', '{}'];
  if (subject.includes('.blob.')) return [`{"sha256":"${'a'.repeat(64)}","bytes":1}`, '{}'];
  return ['{}'];
};

describe.skipIf(withoutNats)(
  'with the accounts of docs/nats.md, a site that names subjects of others for the answers',
  () => {
    let federation: NatsFederation;
    beforeEach(async () => {
      federation = await natsFederation({
        configuration: guideConfiguration,
        jetStream: false,
        scheme: 'tls',
      });
    });
    afterEach(() => federation.close());
    const access = (user: string) => ({ user, password: 'right', caFile: certFile });
    const by = async (user: string): Promise<NatsConnection> =>
      federation.keep(
        await connect({
          servers: federation.server.url.replace('tls://', ''),
          ...{ user, pass: 'right', tls: { ca: await readFile(certFile, 'utf8') } },
          inboxPrefix: `_INBOX_${user}`,
        }),
      );

    it('reaches nothing by them: every stream is as it was, nobody is told anything, and the federation goes on', async () => {
      const [heard, warnings, seen]: [unknown[], string[], unknown[]] = [[], [], []];
      const warn = (_: object, message: string) => void warnings.push(message);
      const coordinator = await federation.openCoordinator(
        {
          async receive(...said) {
            heard.push(said);
            return { accepted: true };
          },
          onPresence: (...who) => seen.push(who),
        },
        {
          access: access('coordinator'),
          log: { info() {}, warn, error: warn },
          onSpoiled: (what) => warnings.push(what),
        },
      );
      await coordinator.publish(wait(1));
      const [a, b] = [
        await federation.openParticipant('site-a', { access: access('site-a') }),
        await federation.openParticipant('site-b', {
          ...{ access: access('site-b'), onLeftOut: (what) => warnings.push(what) },
        }),
      ];
      const [ofA, ofB] = [a, b].map((end) => end.assignments()[Symbol.asyncIterator]());
      for (const each of [ofA, ofB]) expect((await each!.next()).value).toEqual(wait(1));
      await a.upload(new Uint8Array(1000).fill(1));
      const manager = await jetstream(await by('coordinator')).jetstreamManager(false);
      // Beats of the leader and of those who are there go on.
      const streams = ['KV_commonweight', 'OBJ_commonweight_models', 'OBJ_commonweight_from_site-b'];
      const announced = async () =>
        (await manager.streams.info('commonweight_announcements', { subjects_filter: '>' })).state;
      const states = () => Promise.all(streams.map(async (name) => (await manager.streams.info(name)).state));
      const before = await states();

      const site = await by('site-a');
      const mine = subjectsOfSiteA.map((subject) =>
        subject
          .replace('announce.site-a.*.*', 'announce.site-a.evaluated.9')
          .replace('*', JOB)
          .replace('>', 'C.x'),
      );
      expect(mine.length).toBeGreaterThan(8);
      for (const subject of mine) {
        for (const question of questions(subject))
          for (const reply of targets) site.publish(subject, question, { reply });
      }
      // So do consumers that deliver where they like, which it may not make.
      for (const deliver_subject of targets) {
        const config = { stream_name: 'KV_commonweight', config: { deliver_subject, deliver_policy: 'all' } };
        site.publish('$JS.API.CONSUMER.CREATE.KV_commonweight', JSON.stringify(config));
      }
      // What it asked before was carried out when this is answered.
      const own = await jetstream(site, { timeout: 60_000 }).jetstreamManager(false);
      await own.getAccountInfo();
      await a.upload(new Uint8Array(1000).fill(2));

      expect(await states()).toEqual(before);
      expect(Object.keys((await announced()).subjects ?? {}).filter((one) => one.includes('site-b'))).toEqual(
        [],
      );
      expect(seen).toEqual([
        ['site-a', true],
        ['site-b', true],
      ]);
      await coordinator.publish(wait(2));
      for (const each of [ofA, ofB]) expect((await each!.next()).value).toEqual(wait(2));
      expect(await b.announce(evaluated(1))).toEqual({ accepted: true });
      expect(heard).toContainEqual(['site-b', evaluated(1)]);
      // Its own name is on all that was said of it.
      expect(warnings.filter((each) => !each.includes('site-a'))).toEqual([]);
    });
  },
);
