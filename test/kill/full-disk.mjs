/**
 * Loaded before a program, `node --import full-disk.mjs …`: a disk that is full.
 *
 *     FULL_AT=pattern  the first file, or journal entry, whose name matches is written by half; then there is no room
 */
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import { entryOf, matches, nameOf } from './names.mjs';

let { FULL_AT: fullAt } = process.env;

if (isMainThread && fullAt) {
  const fs = createRequire(import.meta.url)('node:fs');
  const { openSync, writeSync } = fs;
  const { open, writeFile, copyFile } = fs.promises;
  const names = new Map();
  fs.promises.open = async (path, flags = 'r', ...more) => {
    const handle = await open(path, flags, ...more);
    if (flags !== 'r') fillHandle(handle, nameOf(String(path)));
    return handle;
  };
  fs.promises.writeFile = (file, data, ...more) =>
    half(nameOf(String(file)), data, (part) => writeFile(file, part, ...more));
  fs.promises.copyFile = async (from, to, ...more) => {
    await copyFile(from, to, ...more);
    if (isFull(nameOf(String(to)))) throw noRoom();
  };
  fs.openSync = (path, ...more) => {
    const fd = openSync(path, ...more);
    names.set(fd, nameOf(String(path)));
    return fd;
  };
  fs.writeSync = (fd, data, ...more) => {
    if (!isFull(names.get(fd) ?? '')) return writeSync(fd, data, ...more);
    throw noRoom();
  };
  syncBuiltinESMExports();

  function fillHandle(handle, name) {
    names.set(handle.fd, name);
    const { appendFile, writeFile, write, writev } = handle;
    handle.appendFile = (line) => half(entryOf(line), line, (part) => appendFile.call(handle, part));
    handle.writeFile = (data) => half(name, data, (part) => writeFile.call(handle, part));
    handle.write = (data, ...more) =>
      isFull(name) ? Promise.reject(noRoom()) : write.call(handle, data, ...more);
    handle.writev = ([first, ...rest], position) =>
      half(name, first, (part) => writev.call(handle, part === first ? [first, ...rest] : [part], position));
  }
}

function isFull(name) {
  if (!matches(name, fullAt)) return false;
  fullAt = undefined;
  return true;
}

async function half(name, data, write) {
  if (!isFull(name)) return write(data);
  await write(data.slice(0, data.length >> 1));
  throw noRoom();
}

const noRoom = () =>
  Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
