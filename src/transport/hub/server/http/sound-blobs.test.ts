import { expect, it } from 'vitest';
import { soundBlobs } from './sound-blobs.js';

function folder(damaged: string[] = []) {
  const read: string[] = [];
  let [reading, most, time] = [0, 0, 0];
  const isSound = async (sha256: string) => {
    read.push(sha256);
    most = Math.max(most, ++reading);
    await new Promise((resolve) => setImmediate(resolve));
    reading--;
    return !damaged.includes(sha256);
  };
  const mended: string[] = [];
  const mend = async (sha256: string) => {
    mended.push(sha256);
    if (sha256 === 'lost') throw new Error('both copies are gone');
  };
  const check = soundBlobs({ isSound }, mend, () => time);
  const pass = (ms: number) => {
    time += ms;
  };
  return { check, read, mended, most: () => most, pass };
}

it('however many ask at once, a blob is read once, and one at a time', async () => {
  const { check, read, most } = folder();
  await Promise.all(Array.from({ length: 300 }, (_, i) => check(`${i % 3}`)));
  expect([read.sort(), most()]).toEqual([['0', '1', '2'], 1]);
});

it('what was found holds for a minute, and then it is looked at again', async () => {
  const { check, read, pass } = folder();
  await check('a');
  pass(59_999);
  await check('a');
  expect(read).toEqual(['a']);
  pass(1);
  await check('a');
  expect(read).toEqual(['a', 'a']);
});

it('what is damaged is mended; what cannot be is said to everybody, and tried again', async () => {
  const { check, mended } = folder(['bad', 'lost']);
  await check('bad');
  await expect(check('lost')).rejects.toThrow('both copies are gone');
  await expect(check('lost')).rejects.toThrow('both copies are gone');
  await check('other');
  expect(mended).toEqual(['bad', 'lost', 'lost']);
});
