// Asks a hub for /healthz again and again, in a process of its own: the attackers' process would
// keep it waiting. `node ask-health.mjs PORT`; when its input ends, it prints for how many
// milliseconds it waited each time, and how often no answer came.
//
// Who asks without a token is a stranger: its place may be given to one of hundreds who come a
// moment later, before it is answered. It asks once more then, and the time runs on.
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const port = Number(process.argv[2]);
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
const times = [];
let unanswered = 0;
while (!over) {
  const began = performance.now();
  if (!(await isAnswered()) && !(await isAnswered())) unanswered++;
  times.push(performance.now() - began);
  await delay(50);
}
console.log(JSON.stringify({ times, unanswered }));
