import { expect, it } from 'vitest';
import { foldersOf } from '../images/page/page-folders.js';
import { filesOfDrop, filesOfInput } from './page-files.js';

/** A file or folder as a browser gives it: a hundred entries at a time. */
type Tree = { [name: string]: Tree | string };
const entryOf = (name: string, content: Tree | string, parent = ''): FileSystemEntry => {
  const fullPath = `${parent}/${name}`;
  if (typeof content === 'string') {
    const file = (found: (file: File) => void, failed: (error: Error) => void) =>
      content === 'gone' ? failed(new Error('it is gone')) : found(new File([content], name));
    return { name, fullPath, isFile: true, isDirectory: false, file } as unknown as FileSystemEntry;
  }
  const createReader = () => {
    const left = Object.entries(content).map(([below, part]) => entryOf(below, part, fullPath));
    return { readEntries: (found: (some: FileSystemEntry[]) => void) => found(left.splice(0, 100)) };
  };
  return { name, fullPath, isFile: false, isDirectory: true, createReader } as unknown as FileSystemEntry;
};
const drop = (tree: Tree) =>
  filesOfDrop(
    Object.entries(tree).map(([name, content]) => ({
      webkitGetAsEntry: () => entryOf(name, content),
    })) as unknown as DataTransferItemList,
  );

it('a drop gives all files of a folder, however many, without what desktops leave', async () => {
  const many = Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`${i}.png`, 'x']));
  const files = await drop({
    clothes: { shirts: { ...many, '.DS_Store': '', 'Thumbs.db': '' }, __MACOSX: { 'a.png': '' } },
    'b.png': 'y',
  });
  expect(files).toHaveLength(251);
  expect(files[249]!.path).toBe('clothes/shirts/249.png');
  expect(files[250]!.path).toBe('b.png');
  expect(await files[250]!.file.text()).toBe('y');
});

it('a drop names the file that cannot be read', async () => {
  await expect(drop({ a: { 'b.png': 'gone' } })).rejects.toThrow('data: cannot read "a/b.png": it is gone');
});

it('an input gives paths below the folder that was chosen, or names alone', () => {
  const file = (path: string) =>
    Object.assign(new File([], path.split('/').at(-1)!), {
      webkitRelativePath: path.includes('/') ? path : '',
    });
  const list = ['set/a/1.png', 'set/.git/config', 'set/a/.DS_Store', 'alone.gz'].map(file);
  const files = filesOfInput(list as unknown as FileList);
  expect(files.map(({ path }) => path)).toEqual(['set/a/1.png', 'alone.gz']);
});

it('files are listed as folders', async () => {
  const list = foldersOf(
    ['set/a/1.png', 'set/a/2.png', 'b.png'].map((path) => ({ path, file: new File([], path) })),
  );
  expect(await list('')).toEqual([
    { name: 'set', path: 'set', isFolder: true },
    { name: 'b.png', path: 'b.png', isFolder: false },
  ]);
  expect((await list('set/a')).map(({ path }) => path)).toEqual(['set/a/1.png', 'set/a/2.png']);
  expect(await list('elsewhere')).toEqual([]);
});
