/**
 * A coordinator in a process of its own, attacked over real sockets: first while it has nothing
 * else to do, so that its memory can be compared, then while an honest federation goes on, whose
 * model must have the bytes of `commonweight run`.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants, setPriority, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { stringify } from 'yaml';
import { handedOut } from '../handed-out.js';
import { commonweight, type Started, sample, start } from '../run-command.js';
import { slowClock, slowProcessor } from '../slowness.js';
import { attacks, holdPlaces, slowAttacks } from './attacks.js';
import { end, open, type Target } from './wire.js';

const settings = {
  ...{ dataset: sample, seed: 5, model: { name: 'mlp', hidden: [32] }, local: { epochs: 1 }, rounds: 2 },
  optimizer: { name: 'sgd', learningRate: 0.05 },
};
const honest = ['site-a', 'site-b'];

interface Attacked {
  readonly before: Strain;
  readonly after: Readonly<Record<string, Strain>>;
  /** Files and sockets that the coordinator has open: before the attacks, and in the end. */
  readonly descriptors: { readonly before: number; readonly after: number };
  readonly answers: Answers;
  /** In the log, of what was refused. */
  readonly lines: number;
  /** Seconds until connections that trickle were cut. */
  readonly cutAfterSeconds: number;
  /** As `busy` of a strain, of all attacks beside a federation. */
  readonly busyWithAll: number;
}

/** Milliseconds that an honest question took. */
interface Answers {
  readonly count: number;
  readonly median: number;
  /** 95 of 100. */
  readonly most: number;
  readonly all: number;
  /** Of one answer, at most: how long the hub was at work meanwhile, by the processor's time. */
  readonly worked: number;
}

/** The coordinator after an attack. */
interface Strain {
  /** Heap and buffers, in MB, after garbage was collected. */
  readonly held: number;
  readonly resident: number;
  /**
   * Milliseconds of the processor between two turns of its event loop, at most; 0 where the system
   * does not say.
   */
  readonly busy: number;
}

export interface AttackOptions {
  /** Of each attack, about. */
  readonly times: number;
  /** Also those that take a minute. */
  readonly slowly?: boolean;
  readonly signal: AbortSignal;
}

/** More than a few MB are a leak: what one attempt leaves behind, times their number. */
const MOST_MEGABYTES = 8;
/** A log or a thread that was not there at first. */
const MOST_DESCRIPTORS = 8;
/** Of an answer; so the hub may not be busy for longer between two turns of its event loop. */
const ANSWER_MS = 250;
/** Seconds after an attack, all is as before. */
const RECOVERY_SECONDS = 10;

export async function expectUnharmed(options: AttackOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'commonweight-hostile-'));
  try {
    const attacked = await attackHub(folder, options);
    const { before, after, descriptors, answers, lines, cutAfterSeconds, busyWithAll } = attacked;
    const [busyMs, clockMs] = [ANSWER_MS * slowProcessor(), ANSWER_MS * slowClock()];
    console.table({ before, ...after });
    console.log(
      `${lines} lines in the log, slow connections cut after ${cutAfterSeconds} s, ` +
        `${answers.count} × /healthz in ${answers.median} ms, ${answers.most} ms for 95%, ${answers.all} ms at most, the hub at work for ${answers.worked} ms, ` +
        `descriptors ${descriptors.before} → ${descriptors.after}, busy for ${busyWithAll} ms beside a federation`,
    );
    for (const [name, { held, resident, busy }] of Object.entries(after)) {
      expect(held - before.held, name).toBeLessThan(MOST_MEGABYTES);
      // What was used once, the allocator keeps.
      expect(resident - before.resident, name).toBeLessThan(64);
      expect(busy, name).toBeLessThan(busyMs);
    }
    expect(busyWithAll).toBeLessThan(busyMs);
    expect(lines).toBeLessThan(1000);
    expect(cutAfterSeconds).toBeLessThan(60);
    expect(descriptors.after - descriptors.before).toBeLessThan(MOST_DESCRIPTORS);
    expect(answers.median).toBeLessThan(clockMs);
    // The smaller attack runs beside browsers and other tests, the larger one by itself, with its
    // attackers behind the hub in the processor's queue.
    expect(answers.most).toBeLessThan(options.slowly ? clockMs : 4 * clockMs);
    // Two thousand uploads that are begun and dropped wait to be accepted before one question, and
    // the hub takes them in the order of their arrival.
    expect(answers.worked).toBeLessThan(busyMs);
    expect(answers.all).toBeLessThan(20 * clockMs);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @param folder a new one */
async function attackHub(
  folder: string,
  { times, slowly = false, signal }: AttackOptions,
): Promise<Attacked> {
  const at = (...path: string[]) => join(folder, ...path);
  const partition = { name: 'v', participants: honest.length };
  writeFileSync(at('run.yaml'), stringify({ ...settings, participants: honest, partition }));
  const everybody = [...honest, 'mallory'];
  const quorum = { quorum: honest.length, deadlineSeconds: 1 };
  writeFileSync(
    at('federation.yaml'),
    stringify({
      ...{ ...settings, ...quorum, participants: everybody },
      partition: { name: 'v', participants: everybody.length },
    }),
  );
  const env = { NODE_OPTIONS: `--expose-gc --import ${resolve(import.meta.dirname, 'collect.mjs')}` };
  const coordinator = start(['serve', at('federation.yaml'), '--out', at('out'), '--port', '0'], { env });
  const joined: Started[] = [];
  let asking: ReturnType<typeof watchHealth> | undefined;
  const kill = () => {
    for (const { child } of [coordinator, ...joined]) child.kill('SIGKILL');
    asking?.kill();
  };
  signal.addEventListener('abort', kill);
  try {
    let said = '';
    let complaints = '';
    coordinator.child.stdout?.on('data', (text: string) => {
      said += text;
    });
    coordinator.child.stderr?.on('data', (text: string) => {
      complaints += text;
    });
    await coordinator.until(/^round 1 /m);
    const url = /the hub listens on (\S+)\n/.exec(said)?.[1] ?? '';
    const { tokens } = handedOut(at('out'));
    const tokenOf = (name: string) => tokens.get(name) ?? '';
    const target: Target = { port: Number(new URL(url).port), token: tokenOf('mallory') };

    async function strain(): Promise<Strain> {
      const seen = complaints.length;
      coordinator.child.kill('SIGUSR2');
      for (;;) {
        const [, ...numbers] = /memory (\S+) (\S+) (\S+)\n/.exec(complaints.slice(seen)) ?? [];
        const [held, resident, busy] = numbers.map(Number);
        if (held !== undefined && resident !== undefined && busy !== undefined)
          return { held, resident, busy };
        await Promise.race([delay(10), coordinator.ended.then((ended) => expect(ended).toBeUndefined())]);
      }
    }

    const pid = coordinator.child.pid as number;
    const before = descriptorsOf(pid);
    const health = watchHealth(target, pid);
    asking = health;
    // A real attacker works on a machine of its own. This one leaves the processor to the hub, and
    // to the process that asks how it is: both were started before.
    if (slowly) setPriority(constants.priority.PRIORITY_LOW);
    const trickling = trickle(target);
    // What every kind of request needs once, and keeps.
    for (const attack of Object.values(attacks)) await attack(target, 40);
    const atRest = await strain();
    const after: Record<string, Strain> = {};
    for (const [name, attack] of Object.entries(attacks)) {
      await attack(target, times);
      after[name] = await strain();
    }
    if (slowly) await slowAttacks(target);
    const cutAfterSeconds = await trickling;
    await holdPlaces(target);
    after['places that are held'] = await strain();
    const patience = performance.now() + 1000 * RECOVERY_SECONDS;
    while (descriptorsOf(pid) - before >= MOST_DESCRIPTORS && performance.now() < patience) await delay(100);
    const descriptors = { before, after: descriptorsOf(pid) };
    const answered = await health.end();
    const uploads = filesIn(at('out', 'uploads'));
    expect(uploads.length).toBeLessThanOrEqual(64);

    joined.push(
      ...honest.map((name, k) =>
        start([
          ...['join', url, '--token', tokenOf(name), '--out', at(name)],
          ...['--data', sample, '--partition', `v:${k + 1}/${honest.length}`],
        ]),
      ),
    );
    let over = false;
    const ended = Promise.all(joined.map(({ ended }) => ended)).then((all) => {
      over = true;
      return all;
    });
    const attacked = (async () => {
      while (!over) {
        for (const attack of Object.values(attacks)) {
          try {
            if (!over) await attack(target, 20);
          } catch (error) {
            // The federation came to its end meanwhile, and its hub with it: how it ended is looked
            // at below.
            const gone = coordinator.ended.then(() => true);
            if (!(await Promise.race([gone, delay(1000 * RECOVERY_SECONDS, false)]))) throw error;
            return;
          }
        }
      }
    })();
    const run = commonweight(['run', at('run.yaml'), '--out', at('run')]);
    const [sites] = await Promise.all([ended, attacked]);
    for (const { status, stderr } of sites) expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const { status, stdout, stderr } = await coordinator.ended;
    expect({ status, stderr: stderr.replaceAll(/^(memory|busy) .*\n/gm, '') }, stdout).toEqual({
      status: 0,
      stderr: '',
    });
    const busyWithAll = Number(/^busy (\d+)$/m.exec(stderr)?.[1]);
    expect((await run).stderr).toBe('');
    const model = readFileSync(at('run', 'model.safetensors'));
    for (const name of ['out', ...honest])
      expect(readFileSync(at(name, 'model.safetensors')).equals(model)).toBe(true);

    const log = readFileSync(at('out', 'coordinator.log'), 'utf8').split('\n').slice(0, -1);
    expect(log.join('\n')).not.toContain(target.token);
    for (const line of log) JSON.parse(line);
    const more = { descriptors, answers: answered, lines: log.length, cutAfterSeconds, busyWithAll };
    return { before: atRest, after, ...more };
  } finally {
    signal.removeEventListener('abort', kill);
    kill();
  }
}

/**
 * Connections that come to no end of what they want. @returns after how many seconds the last was
 * cut
 */
async function trickle(target: Target): Promise<number> {
  const began = performance.now();
  await Promise.all(
    Array.from({ length: 150 }, async (_, i) => {
      const socket = open(target);
      socket.resume();
      if (i % 3 === 2) socket.write('GET / HTTP/1.1\r\nHost: hub\r\nContent-Length: 999999\r\n\r\n');
      else if (i % 3 === 1) socket.write('GET /healthz HTTP/1.1\r\nX-Slow: ');
      const more = setInterval(() => i % 3 > 0 && socket.writable && socket.write('x'), 500);
      await end(socket);
      clearInterval(more);
    }),
  );
  return (performance.now() - began) / 1000;
}

/** 0 where the system does not say. */
const descriptorsOf = (pid: number) =>
  existsSync(`/proc/${pid}/fd`) ? readdirSync(`/proc/${pid}/fd`).length : 0;

/** What `ask-health.mjs` prints. */
interface Asked {
  readonly times: number[];
  readonly worked: number[];
  readonly unanswered: number;
}

/** Asks the hub how it is until the end. */
function watchHealth({ port }: Target, pid: number) {
  const script = resolve(import.meta.dirname, 'ask-health.mjs');
  const child = spawn(process.execPath, [script, `${port}`, `${pid}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const printed = text(child.stdout);
  return {
    kill: () => child.kill('SIGKILL'),
    async end(): Promise<Answers> {
      child.stdin.end();
      const { times, worked, unanswered }: Asked = JSON.parse(await printed);
      expect(unanswered).toBe(0);
      times.sort((a, b) => a - b);
      const part = (share: number) => Math.round(times[Math.ceil(share * times.length) - 1] ?? 0);
      return {
        ...{ count: times.length, median: part(0.5), most: part(0.95), all: part(1) },
        worked: Math.round(Math.max(...worked)),
      };
    },
  };
}

const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(folder, name)).isFile(),
  );
