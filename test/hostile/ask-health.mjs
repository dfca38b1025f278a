// Asks a hub for /healthz again and again, in a process of its own: the attackers' process would
// keep it waiting. `node ask-health.mjs PORT PID`; when its input ends, it prints for how many
// milliseconds it waited each time, how many of them the hub's main thread was at work (0 where the
// system does not say), how often no answer came, and how many of these were the last.
//
// Who asks without a token is a stranger: its place may be given to one of hundreds who come a
// moment later, before it is answered. It asks once more then, and the time runs on.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const port = Number(process.argv[2]);
const pid = process.argv[3];
/** Nobody waits longer for an answer. */
const PATIENCE_MS = 20_000;

const isAnswered = () =>
  new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    let answered = false;
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
    socket.on('data', () => {
      answered = true;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => done(answered));
    socket.write('GET /healthz HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n');
  });

let over = false;
process.stdin.resume().on('end', () => {
  over = true;
});
function workedMs() {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return 0;
  }
}

const times = [];
const worked = [];
let unanswered = 0;
/** How many of them were the last. */
let atTheEnd = 0;
while (!over) {
  const began = performance.now();
  const before = workedMs();
  const answered = (await isAnswered()) || (await isAnswered());
  unanswered += answered ? 0 : 1;
  atTheEnd = answered ? 0 : atTheEnd + 1;
  times.push(performance.now() - began);
  worked.push(workedMs() - before);
  await delay(50);
}
console.log(JSON.stringify({ times, worked, unanswered, atTheEnd }));
