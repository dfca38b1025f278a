import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { everyCase } from '../../../test/every-case.js';
import { FencedError } from '../../transport/error.js';
import { claimFolder, type FolderClaim, requireUnused } from './folder-claim.js';
import { identityOfThis, isRunning, type ProcessIdentity } from './process-identity.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'folder-claim-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Time that passes when a test says so. */
function fakeTime() {
  const due: (() => void)[] = [];
  return {
    clock: {
      after(_: number, act: () => void) {
        due.push(act);
        return () => void due.splice(due.indexOf(act), due.includes(act) ? 1 : 0);
      },
    },
    /** Lets everybody wait for one beat: once somebody waits. */
    async beat() {
      while (due.length === 0) await new Promise(setImmediate);
      for (const act of due.splice(0)) act();
    },
  };
}

const leaseOf = (number: number) => join(folder, `lease-${number}.json`);
const leave = (number: number, holder: ProcessIdentity) =>
  writeFileSync(leaseOf(number), JSON.stringify({ holder }));

/** A process that has ended. */
async function killed(): Promise<ProcessIdentity> {
  const { pid } = spawnSync(process.execPath, ['-e', '0']);
  return { ...(await identityOfThis()), pid, started: '1' };
}

/**
 * Of which nothing can be known from here: another container, another machine, or this one before a
 * reboot.
 */
const elsewhere = (name: string): ProcessIdentity => ({
  host: name,
  pid: 1,
  boot: name,
  namespace: 'pid:[1]',
});

const RACES = everyCase ? 100 : 30;

describe('a process', () => {
  it('is known by more than its number', async () => {
    const here = await identityOfThis();
    expect(await isRunning(here, here)).toBe(true);
    expect(await isRunning(await killed(), here)).toBe(false);
    // Its number belongs to another process by now.
    if (here.boot !== undefined) expect(await isRunning({ ...here, started: '1' }, here)).toBe(false);
    expect(await isRunning({ ...here, boot: 'another' }, here)).toBeUndefined();
    expect(await isRunning({ ...here, namespace: 'pid:[1]' }, here)).toBeUndefined();
    // Where the system says no more than the number.
    const bare = { host: here.host, pid: here.pid };
    expect(await isRunning(bare, bare)).toBeUndefined();
    expect(await isRunning({ ...bare, pid: (await killed()).pid }, bare)).toBe(false);
    expect(await isRunning({ ...bare, host: 'another' }, bare)).toBeUndefined();
  });
});

describe('the claim of a folder', () => {
  it('has a larger number each time, and says when it ends', async () => {
    for (const number of [1, 2, 3]) {
      const claim = await claimFolder(folder);
      expect(claim.number).toBe(number);
      await claim.check();
      expect(statSync(leaseOf(number)).mode & 0o777).toBe(0o600);
      await claim.release();
      expect(readdirSync(folder)).toEqual([`lease-${number}.json`]);
      expect(statSync(leaseOf(number)).mode & 0o777).toBe(0o600);
      expect(JSON.parse(readFileSync(leaseOf(number), 'utf8'))).toEqual({ released: true });
    }
    const claim = await claimFolder(folder, { floor: 9 });
    expect(claim.number).toBe(10);
    await claim.release();
  });

  it('is refused at once while a process of this system has it', async () => {
    const claim = await claimFolder(folder);
    await expect(claimFolder(folder)).rejects.toMatchObject({
      message: expect.stringMatching(/^".*" is in use by process \d+ on \S+$/),
      transient: true,
    });
    await expect(requireUnused(folder)).rejects.toThrow('is in use by');
    await claim.release();
    await requireUnused(folder);
  });

  it('is taken over at once from a process that was killed, and from a file that says nothing', async () => {
    leave(4, await killed());
    const claim = await claimFolder(folder);
    expect(claim.number).toBe(5);
    await claim.release();
    writeFileSync(leaseOf(6), '');
    const after = await claimFolder(folder);
    expect(after.number).toBe(7);
    await after.release();
  });

  it('is taken over from somewhere else when nothing is heard for five beats, whatever the clocks say', async () => {
    leave(4, elsewhere('old-container'));
    // Of a machine whose clock is an hour ahead.
    utimesSync(leaseOf(4), new Date(), new Date(Date.now() + 3_600_000));
    const time = fakeTime();
    const said: string[] = [];
    let taken: FolderClaim | undefined;
    const claiming = claimFolder(folder, { clock: time.clock, onWaiting: (text) => said.push(text) }).then(
      (claim) => {
        taken = claim;
      },
    );
    for (let beat = 0; beat < 5; beat++) {
      expect(taken).toBeUndefined();
      await time.beat();
    }
    await claiming;
    expect(taken?.number).toBe(5);
    expect(said).toEqual([
      `"${folder}" was last used by process 1 on old-container: this process goes on if nothing is heard of that one for 10 s`,
    ]);
    await taken?.release();
  });

  it('is refused where a process somewhere else gives a sign, though its clock is an hour behind', async () => {
    const time = fakeTime();
    const mine = await claimFolder(folder, { clock: time.clock, identity: elsewhere('hub1') });
    utimesSync(leaseOf(1), new Date(), new Date(Date.now() - 3_600_000));
    const claiming = claimFolder(folder, { clock: time.clock });
    const refused = expect(claiming).rejects.toThrow('is in use by process 1 on hub1');
    const ended = claiming.then(
      () => true,
      () => true,
    );
    let over = false;
    void ended.then(() => {
      over = true;
    });
    // A beat may come while it still reads the lease, and it waits for another then.
    while (!over) {
      await time.beat();
      for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    }
    await refused;
    await mine.check();
    await mine.release();
  });

  it('waits for a process that was told to end, where it is to be patient', async () => {
    const time = fakeTime();
    const first = await claimFolder(folder, { clock: time.clock });
    const second = claimFolder(folder, { clock: time.clock, patient: true });
    await time.beat();
    await first.release();
    let taken: FolderClaim | undefined;
    void second.then((claim) => {
      taken = claim;
    });
    while (taken === undefined) await time.beat();
    expect(taken.number).toBe(2);
    await taken.release();
  });

  it('can be interrupted while it waits', async () => {
    leave(1, elsewhere('gone'));
    const controller = new AbortController();
    const claiming = claimFolder(folder, {
      clock: fakeTime().clock,
      signal: controller.signal,
      onWaiting: () => controller.abort(),
    });
    await expect(claiming).rejects.toMatchObject({ name: 'InterruptedError' });
  });

  it('fences whoever was taken for dead: it finds out by a look, and by its next beat', async () => {
    const time = fakeTime();
    const first = await claimFolder(folder, { clock: time.clock });
    const second = await claimFolder(folder, { clock: time.clock, force: true });
    await expect(first.check()).rejects.toThrow(FencedError);
    const third = await claimFolder(folder, { clock: time.clock, force: true });
    await time.beat();
    while (!second.signal.aborted) await new Promise(setImmediate);
    expect(second.signal.reason).toMatchObject({ transient: true });
    await third.check();
    // An end of those before changes nothing for the one that has it.
    await first.release();
    await second.release();
    await third.check();
    expect(readdirSync(folder)).toEqual(['lease-3.json']);
    await third.release();
  });

  it(`is had by exactly one of six who take over a dead one at once, in ${RACES} races`, async () => {
    const dead = await killed();
    for (let race = 0; race < RACES; race++) {
      const path = mkdtempSync(join(folder, 'race-'));
      if (race % 3 > 0) writeFileSync(join(path, 'lease-3.json'), JSON.stringify({ holder: dead }));
      if (race % 3 > 1) writeFileSync(join(path, 'lease-2.json'), JSON.stringify({ released: true }));
      const claims = await Promise.allSettled(Array.from({ length: 6 }, () => claimFolder(path)));
      const won = claims.flatMap((claim) => (claim.status === 'fulfilled' ? [claim.value] : []));
      expect(won).toHaveLength(1);
      for (const claim of claims) {
        if (claim.status === 'rejected') expect(String(claim.reason)).toContain('is in use by');
      }
      await won[0]?.check();
      await won[0]?.release();
    }
  });

  it('is had by one at a time where many come and go, and no number is given twice', async () => {
    let holders = 0;
    const numbers: number[] = [];
    const comeAndGo = async () => {
      for (let turns = 0; turns < 12; ) {
        const claim = await claimFolder(folder).catch(() => undefined);
        if (claim === undefined) continue;
        holders++;
        expect(holders).toBe(1);
        await claim.check();
        numbers.push(claim.number);
        expect(holders).toBe(1);
        holders--;
        await claim.release();
        turns++;
      }
    };
    await Promise.all(Array.from({ length: 6 }, comeAndGo));
    expect(numbers).toHaveLength(72);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  });
});
