import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { withoutExamples } from '../../../data/dataset.js';
import { imageDataset } from '../../../data/images/image-dataset.js';
import { pixelStatistics } from '../../../data/images/pixel-statistics.js';
import {
  type ConfigurationInput,
  parseConfiguration,
} from '../../../protocol/configuration/configuration.js';
import { prepareRunFolder } from '../../record/run-folder.js';
import { withOwnNormalization } from './own-normalization.js';

const root = await mkdtemp(join(tmpdir(), 'commonweight-normalization-'));
afterAll(() => rm(root, { recursive: true }));

const input: ConfigurationInput = {
  ...{ dataset: 'pictures', partition: { name: 'iid' }, model: { name: 'mlp' }, rounds: 1 },
  ...{ optimizer: { name: 'adam' }, local: { epochs: 1 } },
};
const given = { mean: [0.1], deviation: [0.2] };
const train = imageDataset({
  ...{ name: 'pictures', channels: 1, height: 1, width: 2, classNames: ['a'] },
  ...{ images: Uint8Array.of(0, 255, 51, 102), labels: new Uint8Array(2) },
});
const resolved = async (changes: object, set = train, out?: string, onNotice?: (text: string) => void) => {
  const whole: ConfigurationInput = { ...input, ...changes };
  return withOwnNormalization(parseConfiguration(whole, 'test'), whole, set, out, onNotice);
};

describe('own data are normalized', () => {
  it('by their own pixels, and it is said', async () => {
    const notices: string[] = [];
    const { normalization } = await resolved({}, train, undefined, (text) => notices.push(text));
    expect(normalization).toEqual(pixelStatistics(train));
    expect(notices).toEqual([
      'data: pixels are normalized by mean 0.4 and deviation 0.3742, those of 2 images',
    ]);
  });

  it('but as is asked where that is given, and as by default for a known set, or where there are no images', async () => {
    expect((await resolved({ normalization: given })).normalization).toEqual(given);
    const byDefault = { mean: [0], deviation: [1] };
    expect((await resolved({ dataset: 'fashion-mnist' })).normalization).toEqual(byDefault);
    expect((await resolved({}, withoutExamples(train))).normalization).toEqual(byDefault);
  });

  it('as before where a run is taken up again', async () => {
    const out = join(root, 'run');
    await prepareRunFolder(out, await resolved({ normalization: given }));
    const again = await resolved({}, train, out);
    expect(again.normalization).toEqual(given);
    await prepareRunFolder(out, again);
  });
});
