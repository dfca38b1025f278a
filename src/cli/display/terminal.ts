/** Writes to a terminal, by its abilities: width, colours, and lines that can be rewritten. */
import { createLogUpdate } from 'log-update';
import type { Output } from './display.js';

/** Whether lines can be rewritten. */
export function isLive(output: Output, env: Readonly<NodeJS.ProcessEnv> = process.env): boolean {
  return output.isTTY === true && env.TERM !== 'dumb' && env.CI !== 'true';
}

/** Styles for a terminal that shows them. @see https://no-color.org */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  green(text: string): string;
}

export function paintFor(output: Output, env: Readonly<NodeJS.ProcessEnv> = process.env): Paint {
  const colours = isLive(output, env) && (env.NO_COLOR ?? '') === '';
  const style = (open: number, close: number) => (text: string) =>
    colours ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return { bold: style(1, 22), dim: style(2, 22), green: style(32, 39) };
}

/** The lowest lines of the terminal, which are rewritten, and lines above them that stay. */
export interface LiveRegion {
  update(lines: readonly string[]): void;
  print(text: string): void;
  clear(): void;
  /** Shows the cursor again. */
  close(): void;
}

const REDRAW_INTERVAL_MS = 100;

export function liveRegion(output: NodeJS.WritableStream): LiveRegion {
  const draw = createLogUpdate(output);
  let drawn = 0;
  let pending: readonly string[] = [];
  let later: NodeJS.Timeout | undefined;
  const redraw = () => {
    clearTimeout(later);
    later = undefined;
    drawn = performance.now();
    draw(pending.join('\n'));
  };
  return {
    // Progress comes from many threads; more than ten frames a second nobody sees.
    update(lines) {
      pending = lines;
      const wait = drawn + REDRAW_INTERVAL_MS - performance.now();
      if (wait <= 0) redraw();
      else later ??= setTimeout(redraw, wait);
    },
    print(text) {
      draw.persist(text);
      if (pending.length > 0) redraw();
    },
    clear() {
      clearTimeout(later);
      later = undefined;
      pending = [];
      draw.clear();
    },
    close() {
      this.clear();
      draw.done();
    },
  };
}
