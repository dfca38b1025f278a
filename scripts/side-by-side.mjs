// Runs npm scripts at the same time: node scripts/side-by-side.mjs lint typecheck. The first writes
// as it goes; the others are shown in their order, once those before them have ended. It fails when
// one of them does.
import { spawn } from 'node:child_process';

const running = process.argv.slice(2).map((script, place) => {
  const child = spawn(`npm run ${script}`, { shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const written = [];
  let shown = place === 0;
  const show = ([stream, text]) => stream.write(text);
  for (const name of ['stdout', 'stderr']) {
    child[name].on('data', (text) => {
      if (shown) process[name].write(text);
      else written.push([process[name], text]);
    });
  }
  const ended = new Promise((done) => child.on('close', done));
  return {
    ended,
    show() {
      shown = true;
      for (const each of written) show(each);
    },
  };
});

for (const { show, ended } of running) {
  show();
  if ((await ended) !== 0) process.exitCode = 1;
}
