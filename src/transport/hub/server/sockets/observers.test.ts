import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SITES, surveyTable } from '../../../../../test/survey-table.js';
import { dialHub, type HubWatcher, watchHub } from '../../../../../test/watch-hub.js';
import { comparisonOfSites, type SitesComparison } from '../../../../data/survey/site-comparison.js';
import { surveySites } from '../../../../data/survey/site-survey.js';
import { parseConfiguration } from '../../../../protocol/configuration/configuration.js';
import type { Status } from '../../../../protocol/status.js';
import { PROTOCOL_VERSION } from '../../../../protocol/version.js';
import type { LogEntry, RoundView } from '../../../../protocol/view.js';
import type { ObservedRound, RunView } from '../../../run-view.js';
import { exampleDescription } from '../../../transport.contract.js';
import { joinHub } from '../../client/node/join-hub.js';
import { type TestHub, testHub } from '../test-hub.contract.js';

/** A run that changes when it is told to. */
function exampleRun(rounds = 0, participants = 2) {
  const { configuration } = exampleDescription;
  const names = Array.from({ length: participants }, (_, k) => `site-${k}`);
  const resultOf = (round: number, seconds: number): RoundView['result'] => ({
    ...{ round, seconds, merged: { mean: { test: { accuracy: 0.5 } } } },
    participants: names.map((name) => ({ name, examples: 100, epochs: 1, validation: { accuracy: 0.25 } })),
    copied: names.map((name) => ({ name, validation: { accuracy: 0.75 } })),
  });
  const observed = (round: number, seconds = 1): ObservedRound => ({
    round,
    read: () => ({ result: resultOf(round, seconds) }),
  });
  let all = Array.from({ length: rounds }, (_, k) => observed(k + 1));
  let labels: Record<string, number[]> = {};
  let survey: SitesComparison | undefined;
  const entries: LogEntry[] = [];
  let status: Status = {
    ...{ protocol: PROTOCOL_VERSION, phase: 'training', round: 1, rounds: 10 },
    ...{ waitingFor: [], received: [], participants: [], copied: {} },
    metric: { name: 'accuracy', better: 'higher', format: 'percent' },
  };
  let looks = 0;
  const view: RunView = {
    overview: {
      configuration: parseConfiguration(configuration, 'test'),
      participants: names,
      metrics: [{ name: 'accuracy', better: 'higher', format: 'percent' }],
      categories: ['cat', 'dog'],
      testExamples: true,
    },
    status() {
      looks++;
      return status;
    },
    rounds: () => all,
    labelCounts: () => labels,
    survey: () => survey,
    log: (from) => entries.slice(from),
  };
  return {
    view,
    looks: () => looks,
    changeRound(round: number, seconds: number) {
      all = all.with(round - 1, observed(round, seconds));
    },
    changeStatus(change: Partial<Status>) {
      status = { ...status, ...change };
    },
    share(counts: Record<string, number[]>) {
      labels = counts;
    },
    compare(comparison: SitesComparison | undefined) {
      survey = comparison;
    },
    say(text: string) {
      const at = new Date(0).toISOString();
      entries.push({ sequence: entries.length, at, level: 'info', text });
    },
  };
}

describe('those who watch a run by its hub', () => {
  let hub: TestHub;
  let observer: string;
  beforeEach(async () => {
    hub = await testHub();
    observer = await hub.tokens.issue({ role: 'observer' });
  });
  afterEach(() => hub.close());

  const dial = (token = observer) => dialHub(hub.hub().url, token);
  const watching = (from: { round: number; log: number }) => watchHub(hub.hub().url, observer, from);
  const roundsSent = (line: HubWatcher) =>
    line.of('rounds').flatMap(({ rounds }) => rounds.map(({ result }) => result));

  it('have a token of an observer or operator, and hear what the run is before they ask for more', async () => {
    const run = exampleRun(1);
    await hub.open({ view: run.view });
    for (const role of ['observer', 'operator'] as const) {
      const line = dial(await hub.tokens.issue({ role }));
      await line.until(() => line.texts.length > 0);
      expect(line.frames()).toEqual([
        { type: 'overview', overview: run.view.overview, heartbeatMs: expect.any(Number) },
      ]);
      line.socket.close();
    }
    const error = await joinHub(hub.hub().url, { token: observer }).catch((each: unknown) => each);
    expect(error).toMatchObject({
      message: expect.stringContaining('the token is that of an observer or operator'),
      hint: expect.stringContaining('ask the operator for a token of a participant'),
    });
  });

  it('are no participants: nobody is present, nothing has travelled, and the metrics count them apart', async () => {
    const presence: string[] = [];
    const run = exampleRun(3);
    await hub.open({ view: run.view }, { onPresence: (name) => presence.push(name) });
    const line = await watching({ round: 1, log: 0 });
    expect(line.of('status')).toMatchObject([{ type: 'status' }]);
    expect(line.of('status')[0]?.traffic).toBeUndefined();
    expect(presence).toEqual([]);
    const read = async () => {
      const headers = { authorization: `Bearer ${observer}` };
      return (await fetch(`${hub.hub().url}/metrics`, { headers })).text();
    };
    expect(await read()).toMatch(/^commonweight_participants_connected 0$/m);
    expect(await read()).toMatch(/^commonweight_sent_bytes_total\{kind="view"\} [1-9]/m);

    await hub.join('site-a');
    await line.until(() => line.of('status').some(({ traffic }) => traffic !== undefined));
    expect(presence).toEqual(['site-a']);
    const [, sent] = /_sent_bytes_total\{kind="message"\} (\d+)/.exec(await read()) ?? [];
    expect(line.of('status').at(-1)?.traffic).toEqual({ received: 0, sent: Number(sent) });
  });

  it('are sent everything from where on they say, and then what has changed alone', async () => {
    const run = exampleRun(5);
    for (const text of ['one', 'two', 'three']) run.say(text);
    run.share({ 'site-0': [3, 4] });
    await hub.open({ view: run.view });
    const line = await watching({ round: 4, log: 1 });
    await line.until(() => line.of('rounds').length > 0);
    expect(line.frames().map(({ type }) => type)).toEqual(['overview', 'status', 'labels', 'log', 'rounds']);
    expect(roundsSent(line).map(({ round }) => round)).toEqual([4, 5]);
    expect(line.of('log')[0]?.entries.map(({ text }) => text)).toEqual(['two', 'three']);
    expect(line.of('labels')).toEqual([{ type: 'labels', counts: { 'site-0': [3, 4] } }]);

    line.texts.length = 0;
    run.changeRound(5, 2);
    // Of what is before round 4 it wants to hear nothing.
    run.changeRound(2, 2);
    await line.until(() => line.texts.length > 0);
    run.say('four');
    await line.until(() => line.texts.length > 1);
    run.share({ 'site-0': [3, 4], 'site-1': [1, 1] });
    await line.until(() => line.texts.length > 2);
    run.changeStatus({ phase: 'merging' });
    await line.until(() => line.texts.length > 3);
    expect(line.frames()).toMatchObject([
      { type: 'rounds', rounds: [{ result: { round: 5, seconds: 2 } }] },
      { type: 'log', entries: [{ sequence: 3, text: 'four' }] },
      { type: 'labels', counts: { 'site-1': [1, 1] } },
      { type: 'status', status: { phase: 'merging' } },
    ]);
  });

  it('are sent where the sites differ once the survey is over, also if they come later', async () => {
    const comparison = comparisonOfSites(
      surveySites(SITES.map((name) => ({ name, dataset: surveyTable(name) }))),
    );
    expect(comparison.differences.length).toBeGreaterThan(0);
    const run = exampleRun(1);
    await hub.open({ view: run.view });
    const first = await watching({ round: 1, log: 0 });
    await first.until(() => first.of('rounds').length > 0);
    expect(first.of('survey')).toEqual([]);
    run.compare(comparison);
    const second = await watching({ round: 1, log: 0 });
    for (const line of [first, second]) {
      await line.until(() => line.of('survey').length > 0);
      expect(line.of('survey')).toEqual([{ type: 'survey', survey: comparison }]);
    }
    // The operator has gone back to the beginning.
    run.compare(undefined);
    await first.until(() => first.of('survey').length > 1);
    expect(first.of('survey')[1]).toEqual({ type: 'survey' });
  });

  it('come back after a lost connection, and are sent what they have missed', async () => {
    const run = exampleRun(5);
    run.say('one');
    await hub.open({ view: run.view });
    const first = await watching({ round: 1, log: 0 });
    await first.until(() => roundsSent(first).length === 5);
    first.socket.terminate();
    await first.closed;
    run.changeRound(5, 7);
    run.say('two');
    const second = await watching({ round: 5, log: 1 });
    await second.until(() => second.of('rounds').length > 0);
    expect(roundsSent(second)).toMatchObject([{ round: 5, seconds: 7 }]);
    expect(second.of('log').flatMap(({ entries }) => entries)).toMatchObject([{ sequence: 1, text: 'two' }]);
  });

  it('catch up with a long run piece by piece, once', async () => {
    const run = exampleRun(400, 40);
    await hub.open({ view: run.view });
    const line = await watching({ round: 1, log: 0 });
    await line.until(() => roundsSent(line).length >= 400);
    expect(line.of('rounds').length).toBeGreaterThan(2);
    expect(Math.max(...line.texts.map(({ length }) => length))).toBeLessThan(600_000);
    line.texts.length = 0;
    run.changeRound(400, 9);
    await line.until(() => line.texts.length > 0);
    run.say('done');
    await line.until(() => line.of('log').length > 0);
    expect(roundsSent(line)).toMatchObject([{ round: 400, seconds: 9 }]);
  });

  it('are sent the newest of many changes, and not all of them', async () => {
    const run = exampleRun(1);
    await hub.open({ view: run.view });
    const lines = await Promise.all([1, 2, 3].map(() => watching({ round: 1, log: 0 })));
    for (let round = 1; round <= 1000; round++) run.changeStatus({ round });
    for (const line of lines) {
      await line.until(() => line.of('status').at(-1)?.status.round === 1000);
      expect(line.of('status')).toHaveLength(2);
    }
  });

  it('cost nothing while there are none', async () => {
    const run = exampleRun(1);
    await hub.open({ view: run.view, limits: { heartbeatMs: 150 } });
    const line = await watching({ round: 1, log: 0 });
    const another = await watching({ round: 1, log: 0 });
    line.socket.close();
    another.socket.close();
    await hub.logged(({ observers, message }) => observers === 0 && message === 'an observer is gone');
    const before = run.looks();
    expect(before).toBeGreaterThan(0);
    // A participant that does not answer is cut after four beats: longer than between two looks.
    await dial(await hub.tokenOf('site-a')).closed;
    expect(run.looks()).toBe(before);
  });

  it('are cut when they do not answer, and told when they say what nobody understands', async () => {
    await hub.open({ view: exampleRun(1).view, limits: { heartbeatMs: 50 } });
    const silent = dial();
    expect(await silent.closed).toBe(1006);
    for (const say of [
      ['{"type":"progress"}'],
      ['{"type":"watch","round":0,"log":0}'],
      ['{"type":"watch","round":1,"log":0}', '{"type":"watch","round":1,"log":0}'],
    ]) {
      const line = dial();
      await line.until(() => line.texts.length > 0);
      for (const text of say) line.socket.send(text);
      expect(await line.closed).toBe(1008);
      expect(line.of('refused')).toMatchObject([{ reason: 'bad-frame' }]);
    }
    const loud = await watching({ round: 1, log: 0 });
    for (let k = 0; k < 300; k++) loud.say({ type: 'pong' });
    expect(await loud.closed).toBe(1008);
    expect(loud.of('refused')).toMatchObject([{ reason: 'too-fast' }]);
  });

  it('are sent away when their token is revoked, and when there are too many of one token', async () => {
    await hub.open({ view: exampleRun(1).view, limits: { connectionsPerToken: 2 } });
    const lines = [await watching({ round: 1, log: 0 }), await watching({ round: 1, log: 0 })];
    const third = dial();
    expect(await third.closed).toBe(1008);
    expect(third.frames()).toMatchObject([{ type: 'refused', reason: 'too-fast' }]);
    await hub.tokens.revoke({ role: 'observer' });
    for (const line of lines) {
      expect(await line.closed).toBe(1008);
      expect(line.of('refused')).toMatchObject([{ reason: 'token', message: 'the token was revoked' }]);
    }
  });

  it('see the end before the hub closes', async () => {
    const run = exampleRun(1);
    await hub.open({ view: run.view });
    const line = await watching({ round: 1, log: 0 });
    run.changeStatus({ phase: 'finished', reason: 'max-rounds' });
    await hub.hub().close();
    await line.closed;
    expect(line.of('status').at(-1)?.status).toMatchObject({ phase: 'finished' });
  });
});
