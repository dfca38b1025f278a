/**
 * Loaded before a program, `node --import moments.mjs …`, this names the moments of its life at
 * which something that lasts changes, or something crosses the wire: journal entries, files,
 * uploads, downloads, announcements and their receipts.
 *
 *     MOMENTS=file    writes their names there, one a line
 *     DIE_AT=pattern  at the first moment whose name matches the process kills itself, with SIGKILL
 *
 * The program knows nothing of it: functions of Node and of `ws` are wrapped here.
 */
import diagnostics from 'node:diagnostics_channel';
import { appendFileSync, existsSync } from 'node:fs';
import { ClientRequest } from 'node:http';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import { WebSocket } from 'ws';
import { entryOf, matches, nameOf } from './names.mjs';

const { MOMENTS: list, DIE_AT: deadly } = process.env;
const isDeadly = (name) => matches(name, deadly);

function moment(name) {
  if (list !== undefined) appendFileSync(list, `${name}\n`);
  if (!isDeadly(name)) return;
  process.kill(process.pid, 'SIGKILL');
  for (;;);
}

if (isMainThread) {
  watchFiles();
  watchMessages();
  watchTransfers();
}

function watchFiles() {
  const { promises } = createRequire(import.meta.url)('node:fs');
  const { open, rename, writeFile, rm, link, copyFile } = promises;
  promises.open = async (path, flags = 'r', ...more) => {
    const handle = await open(path, flags, ...more);
    if (flags !== 'r') watchHandle(handle, String(path));
    return handle;
  };
  promises.rename = async (from, to) => {
    await rename(from, to);
    moment(`${nameOf(String(to))} in place`);
  };
  promises.writeFile = async (file, ...more) => {
    await writeFile(file, ...more);
    moment(`${nameOf(String(file))} written`);
  };
  for (const [name, place] of Object.entries({ link, copyFile })) {
    promises[name] = async (from, to, ...more) => {
      await place(from, to, ...more);
      moment(`${nameOf(String(to))} in place`);
    };
  }
  promises.rm = async (path, ...more) => {
    const there = existsSync(path);
    await rm(path, ...more);
    if (there) moment(`${nameOf(String(path))} removed`);
  };
  syncBuiltinESMExports();
}

function watchHandle(handle, path) {
  const { writeFile, appendFile, writev, write, sync, datasync } = handle;
  let entry = nameOf(path);
  handle.appendFile = async (line, ...more) => {
    entry = entryOf(line);
    moment(`${entry} begun`);
    await appendFile.call(handle, line, ...more);
    moment(`${entry} written`);
  };
  handle.writeFile = async (...args) => {
    await writeFile.apply(handle, args);
    moment(`${entry} written`);
  };
  for (const [name, act] of Object.entries({ write, writev })) {
    handle[name] = async (...args) => {
      const written = await act.apply(handle, args);
      moment(`${entry}: a piece of it written`);
      return written;
    };
  }
  handle.datasync = async () => {
    await datasync.call(handle);
    moment(`${entry}: what there is of it synced`);
  };
  // Of other files it is the name that counts, which comes after.
  if (!path.endsWith('.jsonl')) return;
  handle.sync = async () => {
    await sync.call(handle);
    moment(`${entry} synced`);
  };
}

/** What a participant announces and is answered, and what a coordinator answers. */
function watchMessages() {
  const announced = new Map();
  const { send, emit } = WebSocket.prototype;
  WebSocket.prototype.send = function (text, ...more) {
    const { type, id, announcement } = JSON.parse(String(text));
    if (type !== 'announcement') return send.call(this, text, ...more);
    const name = ['announcement:', announcement.type, announcement.round].filter(Boolean).join(' ');
    announced.set(id, name);
    moment(`${name} begun`);
    return send.call(this, text, () => moment(`${name} sent`));
  };
  WebSocket.prototype.emit = function (event, data, ...more) {
    if (event === 'message') {
      const { type, id } = JSON.parse(String(data));
      if (type === 'receipt') moment(`${announced.get(id)} answered`);
    }
    return emit.call(this, event, data, ...more);
  };
}

/** Blobs on their way: half of an upload, a part of a download. */
function watchTransfers() {
  const { write: writeBody } = ClientRequest.prototype;
  ClientRequest.prototype.write = function (piece, ...more) {
    if (this.method !== 'PUT' || this.halved) return writeBody.call(this, piece, ...more);
    this.halved = true;
    const half = piece.subarray(0, piece.length >> 1);
    const rest = piece.subarray(half.length);
    const name = `upload of ${nameOf(this.path)}: a half of it sent`;
    const sent = writeBody.call(this, half, () => moment(name));
    return isDeadly(name) ? sent : this.write(rest, ...more);
  };
  diagnostics.subscribe('http.client.response.finish', ({ request, response }) => {
    if (request.method !== 'GET') return;
    const push = response.push;
    response.push = (piece, ...more) => {
      if (piece !== null) moment(`download of ${nameOf(request.path)}: a part of it there`);
      return push.call(response, piece, ...more);
    };
  });
  diagnostics.subscribe('http.server.request.start', ({ request, response }) => {
    if (request.method !== 'GET' || !request.url.startsWith('/blobs/')) return;
    const write = response.write;
    response.write = (piece, ...more) => {
      const going = write.call(response, piece, ...more);
      moment(`download of ${nameOf(request.url)}: a part of it sent`);
      return going;
    };
  });
}
