import { describe, expect, it } from 'vitest';
import { datasetName } from './dataset-name.js';

describe('the name of a data set', () => {
  it.each([
    ['fashion-mnist', 'fashion-mnist'],
    ['none', 'none'],
    ['/home/kim/scans of 2024/', 'scans of 2024'],
    ['./pictures', 'pictures'],
    ['../../pictures/.', 'pictures'],
    ['C:\\Users\\kim\\pictures', 'pictures'],
    ['/', 'folder'],
    // It is a folder, and not what is called so.
    ['/data/fashion-mnist', './fashion-mnist'],
    ['/data/none', './none'],
  ])('of %s is %s', (dataset, name) => {
    expect(datasetName(dataset)).toBe(name);
  });
});
