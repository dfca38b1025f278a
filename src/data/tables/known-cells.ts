/**
 * The numbers of cells that come again and again, by their bytes: a hash table with open addresses,
 * so that a known cell makes no string. The cell before is looked at first.
 */

/** More different cells are hardly the same again. */
const MOST = 10_000;
const EMPTY = -1;

export class KnownCells {
  /** The number of each known cell. */
  readonly values: number[] = [];
  /** Where each begins in the bytes below; one more than there are cells. */
  readonly #starts: number[] = [0];
  #bytes = new Uint8Array(256);
  /** The cell at each address of a hash. */
  #cells = new Int32Array(64).fill(EMPTY);
  #last = EMPTY;

  /** The place of a cell in `values`; −1 if it is not known. */
  find(bytes: Uint8Array, start: number, end: number): number {
    if (this.#last !== EMPTY && this.#is(this.#last, bytes, start, end)) return this.#last;
    const cell = this.#cells[this.#addressOf(bytes, start, end)] as number;
    if (cell !== EMPTY) this.#last = cell;
    return cell;
  }

  /** Keeps a cell that is not known, unless there are many already. */
  add(bytes: Uint8Array, start: number, end: number, value: number): void {
    const cell = this.values.length;
    if (cell === MOST) return;
    if (2 * cell >= this.#cells.length) this.#spread();
    const from = this.#starts[cell] as number;
    const to = from + end - start;
    if (to > this.#bytes.length) {
      const more = new Uint8Array(2 * to);
      more.set(this.#bytes);
      this.#bytes = more;
    }
    this.#bytes.set(bytes.subarray(start, end), from);
    this.#starts.push(to);
    this.values.push(value);
    this.#cells[this.#addressOf(bytes, start, end)] = cell;
  }

  /** The address of a cell, or the empty one where it belongs. */
  #addressOf(bytes: Uint8Array, start: number, end: number): number {
    const cells = this.#cells;
    const mask = cells.length - 1;
    let hash = end - start;
    for (let at = start; at < end; at++) hash = Math.imul(hash, 31) + (bytes[at] as number);
    let address = (hash ^ (hash >>> 15)) & mask;
    for (;;) {
      const cell = cells[address] as number;
      if (cell === EMPTY || this.#is(cell, bytes, start, end)) return address;
      address = (address + 1) & mask;
    }
  }

  #is(cell: number, bytes: Uint8Array, start: number, end: number): boolean {
    const own = this.#bytes;
    const from = this.#starts[cell] as number;
    if ((this.#starts[cell + 1] as number) - from !== end - start) return false;
    for (let at = start; at < end; at++) if (own[from + at - start] !== bytes[at]) return false;
    return true;
  }

  #spread(): void {
    this.#cells = new Int32Array(2 * this.#cells.length).fill(EMPTY);
    for (let cell = 0; cell < this.values.length; cell++) {
      const [start, end] = [this.#starts[cell] as number, this.#starts[cell + 1] as number];
      this.#cells[this.#addressOf(this.#bytes, start, end)] = cell;
    }
  }
}
