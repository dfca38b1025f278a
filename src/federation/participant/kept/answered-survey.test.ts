import { describe, expect, it } from 'vitest';
import { answeredSurvey, SurveyRefusedError } from './answered-survey.js';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const [ages, incomes] = ['a'.repeat(64), 'b'.repeat(64)];
const who = { job: '0'.repeat(16), participant: 'site-a' };

/** A folder in memory, which lasts longer than a process. */
function folderWith() {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  return {
    ...{ files, name: 'the folder "here"' },
    read: async (file: string) => files.get(file),
    write: async (file: string, bytes: Uint8Array) => void files.set(file, new Uint8Array(bytes)),
  };
}

describe('a survey that was answered', () => {
  it('gets the same answer again, after a restart and when the data have changed', async () => {
    const folder = folderWith();
    const first = await answeredSurvey(folder, who).answer(ages, async () => bytesOf('of 300 rows'));
    const again = await answeredSurvey(folder, who).answer(ages, async () => bytesOf('of 301 rows'));
    expect([first, again].map(textOf)).toEqual(['of 300 rows', 'of 300 rows']);
  });

  it.each([
    ['in a folder', folderWith(), /here/],
    ['in memory', undefined, /this process/],
  ])('is the only one, remembered %s', async (_, folder, hint) => {
    const survey = answeredSurvey(folder, who);
    await survey.answer(ages, async () => bytesOf('ages'));
    const other = survey.answer(incomes, async () => bytesOf('incomes'));
    await expect(other).rejects.toBeInstanceOf(SurveyRefusedError);
    await expect(other).rejects.toThrow(/"site-a".*bbbbbbbbbbbb….*expected aaaaaaaaaaaa…/);
    await expect(other).rejects.toHaveProperty('hint', expect.stringMatching(hint));
    expect(textOf(await survey.answer(ages, async () => bytesOf('other ages')))).toBe('ages');
  });

  it('is computed anew where its file is damaged, if the answer is the same', async () => {
    const folder = folderWith();
    await answeredSurvey(folder, who).answer(ages, async () => bytesOf('ages'));
    folder.files.set(`survey-${who.job}.safetensors`, bytesOf('age'));
    const changed = answeredSurvey(folder, who).answer(ages, async () => bytesOf('other ages'));
    await expect(changed).rejects.toThrow(/"site-a".*is gone.*SHA-256/);
    const same = answeredSurvey(folder, who).answer(ages, async () => bytesOf('ages'));
    expect(textOf(await same)).toBe('ages');
  });

  it('is one for each federation', async () => {
    const folder = folderWith();
    await answeredSurvey(folder, who).answer(ages, async () => bytesOf('ages'));
    const next = answeredSurvey(folder, { ...who, job: '1'.repeat(16) });
    expect(textOf(await next.answer(incomes, async () => bytesOf('incomes')))).toBe('incomes');
    await expect(
      answeredSurvey(folder, who).answer(incomes, async () => bytesOf('incomes')),
    ).rejects.toBeInstanceOf(SurveyRefusedError);
  });
});
