import { describe, expect, it } from 'vitest';
import { parseIdx, splitFromIdx } from './idx.js';

function idx(file: string, shape: number[], values: number[] = []) {
  const bytes = new Uint8Array(4 + 4 * shape.length + shape.reduce((a, b) => a * b, 1));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x800 + shape.length);
  shape.forEach((extent, axis) => {
    view.setUint32(4 + 4 * axis, extent);
  });
  bytes.set(values, 4 + 4 * shape.length);
  return { file, bytes };
}

const files = {
  trainImages: idx('train-images', [2, 1, 3], [1, 2, 3, 4, 5, 6]),
  trainLabels: idx('train-labels', [2], [0, 2]),
  testExamples: idx('t10k-images', [1, 1, 3], [7, 8, 9]),
  testLabels: idx('t10k-labels', [1], [1]),
};

describe('an IDX file', () => {
  it('is read as its shape and its bytes', () => {
    const { shape, values } = parseIdx(files.trainImages, 'images');
    expect(shape).toEqual([2, 1, 3]);
    expect([...values]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('is read from the middle of a buffer', () => {
    const { bytes } = files.testLabels;
    const padded = new Uint8Array(bytes.length + 5);
    padded.set(bytes, 5);
    expect([...parseIdx({ file: 'f', bytes: padded.subarray(5) }, 'labels').values]).toEqual([1]);
  });

  it('is refused by name, expected and got when it is cut short or too long', () => {
    const { bytes } = files.trainImages;
    const cut = (length: number) => () =>
      parseIdx({ file: 'f.gz', bytes: bytes.subarray(0, length) }, 'images');
    expect(cut(20)).toThrow('data: "f.gz" is truncated: 20 bytes, expected 22 (2 images of 1x3)');
    expect(cut(9)).toThrow('data: "f.gz" is truncated: 9 bytes, expected a header of 16');
    expect(cut(0)).toThrow('data: "f.gz" is truncated: 0 bytes, expected a header of 16');
    const long = { file: 'f', bytes: Uint8Array.of(...bytes, 0) };
    expect(() => parseIdx(long, 'images')).toThrow(
      '"f" is too long: 23 bytes, expected 22 (2 images of 1x3)',
    );
  });

  it('is refused when it is of another kind, with what it may be', () => {
    const error = (bytes: number[]) => {
      try {
        return parseIdx({ file: 'f', bytes: Uint8Array.from(bytes) }, 'images');
      } catch (thrown) {
        return thrown;
      }
    };
    expect(error([0, 0, 8, 1, 0, 0, 0, 0])).toMatchObject({
      message: 'data: "f" begins with 0x00000801, expected 0x00000803 (IDX, images as unsigned bytes)',
      hint: expect.stringContaining('it holds labels'),
    });
    expect(error([0x1f, 0x8b, 8, 0])).toMatchObject({ hint: expect.stringContaining('gzip') });
  });
});

describe('four IDX files', () => {
  it('make a training and a test set with the same classes', () => {
    const { train, test } = splitFromIdx('tiny', files);
    expect(train).toMatchObject({ name: 'tiny', examples: 2, channels: 1, height: 1, width: 3 });
    expect(train.classNames).toEqual(['0', '1', '2']);
    expect(test.classNames).toEqual(train.classNames);
    expect([...test.images]).toEqual([7, 8, 9]);
  });

  it('are refused when they do not belong together', () => {
    const labels = idx('train-labels', [1], [0]);
    expect(() => splitFromIdx('tiny', { ...files, trainLabels: labels })).toThrow(
      'data: "train-images" holds 2 images but "train-labels" 1 labels',
    );
    const wide = idx('t10k-images', [1, 2, 3]);
    expect(() => splitFromIdx('tiny', { ...files, testExamples: wide })).toThrow(
      'data: "t10k-images" holds images of 2x3 but "train-images" of 1x3 (height x width)',
    );
    expect(() => splitFromIdx('tiny', files, ['a', 'b'])).toThrow('label 1 of "tiny" is 2, expected 0 to 1');
    expect(() => splitFromIdx('tiny', files, [])).toThrow('"labels" of "tiny" has no names of categories');
    const none = { trainImages: idx('none', [0, 1, 3]), trainLabels: idx('labels', [0]) };
    expect(() => splitFromIdx('tiny', { ...files, ...none })).toThrow(
      '"none" holds 0 images of 1x3, expected at least one',
    );
  });
});
