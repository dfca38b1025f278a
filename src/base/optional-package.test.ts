import { describe, expect, it } from 'vitest';
import { TensorError } from './error.js';
import { importOptional } from './optional-package.js';

const about = { without: 'tensor: nothing can be drawn', packages: ['pencil@2.1.0', '@paper/a4@1.0.0'] };
const load = (message: string) => async () => {
  throw new Error(message);
};

describe('an optional package', () => {
  it('is what its import gives', async () => {
    expect(await importOptional(async () => 'pencil', about, TensorError)).toBe('pencil');
  });

  it.each([
    ['pencil', "Cannot find package 'pencil' imported from /app/draw.js"],
    ['@paper/a4', "Cannot find package '@paper/a4' imported from /app/draw.js"],
    ['pencil', 'Could not load the "pencil" module using the linux-x64 runtime\nPossible solutions:'],
  ])('that is missing is one line of the room, and what to install: %s', async (name, message) => {
    const failed = importOptional(load(message), about, TensorError);
    await expect(failed).rejects.toMatchObject({
      name: 'TensorError',
      message: `tensor: nothing can be drawn: the package "${name}" is not installed, or not for this system`,
      hint: 'install what this needs beside commonweight: npm install --ignore-scripts pencil@2.1.0 @paper/a4@1.0.0',
    });
  });

  it.each(["Cannot find package 'eraser' imported from /app/draw.js", 'the pencil "pencil" is blunt'])(
    'leaves other errors as they are: %s',
    async (message) => {
      await expect(importOptional(load(message), about, TensorError)).rejects.toThrow(message);
    },
  );
});
