/** A terminal, or a file, that remembers all that was written to it. */
import { Writable } from 'node:stream';

export function terminalOutput(terminal: { readonly columns: number; readonly rows: number } | undefined) {
  const written: string[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      written.push(String(chunk));
      done();
    },
  });
  return Object.assign(stream, terminal && { isTTY: true, ...terminal }, { text: () => written.join('') });
}
