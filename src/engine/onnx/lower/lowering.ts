/**
 * The state of a lowering: which ONNX values hold each value of the graph, and in which layout. A
 * value may be *plain* (row-major in its own shape, NCHW for images) or in *rows* of some order.
 * Each reader asks for the layout that suits it, and each conversion is made once.
 */

import { sizeOf } from '../../../tensor/shape.js';
import { topologicalOrder, type Value } from '../../graph/value.js';
import type { OnnxModelBuilder } from '../model-builder.js';
import { imageOrder, pixelsByPlace, type RowOrder } from './row-order.js';

/** Marks a pixel outside the image in a pattern. */
export const OUTSIDE = -1;

export interface Rows {
  /** The ONNX value, [outer, N, inner, C]. */
  readonly name: string;
  readonly order: RowOrder;
  /**
   * If the phases of the order were computed one by one: the values of each, [outer/phases · N ·
   * inner, C].
   */
  readonly parts?: readonly string[];
}

/** Rows of C channels that a pattern reads. */
export interface RowTable {
  readonly name: string;
  readonly rows: number;
  readonly channels: number;
  /** The distance between the rows of one image and those of the next. */
  readonly perImage: number;
}

/** The result of a rule: the value in plain layout, or in rows. */
export type Lowered = string | Rows;

export class Lowering {
  readonly model: OnnxModelBuilder;
  readonly #plain = new Map<Value, string>();
  readonly #rows = new Map<Value, Rows[]>();
  readonly #users = new Map<Value, Value[]>();

  readonly #rule: (lowering: Lowering, value: Value) => Lowered;

  /** Lowers each value, in this order, by its rule, except those whose names are `given`. */
  constructor(
    model: OnnxModelBuilder,
    values: readonly Value[],
    rule: (lowering: Lowering, value: Value) => Lowered,
    given: (value: Value) => string | undefined = () => undefined,
  ) {
    this.model = model;
    this.#rule = rule;
    for (const value of values) {
      for (const input of new Set(value.inputs)) {
        const users = this.#users.get(input);
        if (users === undefined) this.#users.set(input, [value]);
        else users.push(value);
      }
    }
    for (const value of values) this.set(value, given(value) ?? rule(this, value));
  }

  /** Lowers what a value is made of, as far as that is not lowered yet, and gives its result. */
  composed(value: Value): Lowered {
    for (const part of topologicalOrder([value])) {
      if (!this.#plain.has(part) && !this.#rows.has(part)) this.set(part, this.#rule(this, part));
    }
    return this.existingRows(value) ?? this.plain(value);
  }

  /** Lowers a body into the model of its loop; the result is plain. */
  body(model: OnnxModelBuilder, result: Value, given: (value: Value) => string | undefined): string {
    return new Lowering(model, topologicalOrder([result]), this.#rule, given).plain(result);
  }

  set(value: Value, lowered: Lowered): void {
    if (typeof lowered === 'string') this.#plain.set(value, lowered);
    else this.#rows.set(value, [lowered]);
  }

  usersOf(value: Value): readonly Value[] {
    return this.#users.get(value) ?? [];
  }

  /** The rows of a value that was lowered to rows already. */
  existingRows(value: Value): Rows | undefined {
    return this.#rows.get(value)?.[0];
  }

  /** The value in its own shape. */
  plain(value: Value): string {
    const known = this.#plain.get(value);
    if (known !== undefined) return known;
    const name = this.#rowsToPlain(value);
    this.#plain.set(value, name);
    return name;
  }

  /** The plain values of all operands. */
  plainOperands(value: Value): string[] {
    return value.inputs.map((input) => this.plain(input));
  }

  /** An image's rows in the order they have (image order if it is plain so far). */
  anyRows(value: Value): Rows {
    return this.existingRows(value) ?? this.rows(value, imageOrder(...imageSize(value)));
  }

  /** An image's rows in this order. */
  rows(value: Value, order: RowOrder): Rows {
    const known = this.#rows.get(value) ?? [];
    const same = known.find((rows) => rows.order.key === order.key);
    if (same !== undefined) return same;
    const made =
      known[0] === undefined ? this.#plainToRows(value, order) : this.#reorder(value, known[0], order);
    this.#rows.set(value, [...known, made]);
    return made;
  }

  /**
   * An image of one pixel [N or 1, C, 1, 1], repeated along `inner` for an elementwise operation
   * with rows of this order, [1, N or 1, inner, C]. Runtimes broadcast long runs of numbers four
   * times as fast as runs of C.
   */
  pixelInRows(value: Value, order: RowOrder): string {
    const { name } = this.rows(value, imageOrder(1, 1));
    if (order.inner === 1) return name;
    const [n, c] = batchAndChannels(value);
    return this.model.node('Expand', [name, this.model.int64s([1, n, order.inner, c])]);
  }

  /** Rows whose phases are separate values. They are joined only if a reader needs them as one. */
  rowsFromParts(parts: readonly string[], value: Value, order: RowOrder): Rows {
    const [n, c] = batchAndChannels(value);
    const { model } = this;
    const join = () =>
      this.reshape(model.node('Concat', parts, { axis: 0 }), [order.outer, n, order.inner, c]);
    return {
      get name() {
        return join();
      },
      order,
      parts,
    };
  }

  reshape(name: string, shape: readonly number[]): string {
    return this.model.node('Reshape', [name, this.model.int64s(shape)]);
  }

  transpose(name: string, permutation: readonly number[]): string {
    return this.model.node('Transpose', [name], { perm: permutation });
  }

  /**
   * Reads pixels by a pattern: for each place in [a, b], the pixel that is read there, or OUTSIDE,
   * which reads the number `outside`. The result is [a, N, b, C].
   */
  readPixels(value: Value, pattern: Int32Array, [a, b]: readonly [number, number], outside = 0): string {
    const { name, order } = this.anyRows(value);
    const [n, channels] = batchAndChannels(value);
    const firsts = pattern.map((pixel) =>
      pixel === OUTSIDE ? OUTSIDE : rowOfPlace(order.places[pixel] as number, n, order.inner),
    );
    const table = { name, rows: order.outer * n * order.inner, channels, perImage: order.inner };
    return this.gatherRows(table, n, firsts, [a, b], outside);
  }

  /**
   * Gathers rows of a table [rows, C]: at place [a, b] of image i, the row firsts[a, b] +
   * i·perImage, or a row of `outside` if `firsts` says OUTSIDE. The result is [a, N, b, C]. The
   * model computes the indices from the pattern of one image, so the file does not grow with the
   * batch.
   */
  gatherRows(
    table: RowTable,
    n: number,
    firsts: Int32Array,
    [a, b]: readonly [number, number],
    outside = 0,
  ): string {
    const { model } = this;
    const rows = this.reshape(table.name, [table.rows, table.channels]);
    const starts = model.node('Range', [
      model.int32s([0], []),
      model.int32s([n * table.perImage], []),
      model.int32s([table.perImage], []),
    ]);
    const pattern = model.int32s(firsts, [a, 1, b]);
    const inside = model.node('Add', [pattern, this.reshape(starts, [1, n, 1])]);
    if (!firsts.includes(OUTSIDE)) return model.node('Gather', [rows, inside], { axis: 0 });
    const isOutside = model.node('Less', [pattern, model.int32s([0], [])]);
    const indices = model.node('Where', [isOutside, model.int32s([table.rows], []), inside]);
    const extended = model.node('Concat', [rows, model.filled(outside, [1, table.channels])], { axis: 0 });
    return model.node('Gather', [extended, indices], { axis: 0 });
  }

  #reorder(value: Value, from: Rows, order: RowOrder): Rows {
    if (from.order.outer * from.order.inner === 1) return { name: from.name, order };
    return { name: this.readPixels(value, pixelsByPlace(order), [order.outer, order.inner]), order };
  }

  #plainToRows(value: Value, order: RowOrder): Rows {
    const [n, c] = [value.shape[0] as number, value.shape[1] as number];
    const size = order.height * order.width;
    const plain = this.plain(value);
    const nhwc = c === 1 || size === 1 ? plain : this.transpose(this.reshape(plain, [n, c, size]), [0, 2, 1]);
    const image = { name: this.reshape(nhwc, [1, n, size, c]), order: imageOrder(order.height, order.width) };
    if (image.order.key === order.key) return image;
    this.#rows.set(value, [image]);
    return this.#reorder(value, image, order);
  }

  #rowsToPlain(value: Value): string {
    if (!this.#rows.has(value)) throw new Error(`internal: ${value.op} is read before it is lowered`);
    const image = this.rows(value, imageOrder(...imageSize(value)));
    const [n, c] = [value.shape[0] as number, value.shape[1] as number];
    const size = sizeOf(value.shape) / (n * c);
    if (c === 1 || size === 1) return this.reshape(image.name, value.shape);
    return this.reshape(this.transpose(this.reshape(image.name, [n, size, c]), [0, 2, 1]), value.shape);
  }
}

/** The row of a place of the first of n images. */
export function rowOfPlace(place: number, n: number, inner: number): number {
  return Math.floor(place / inner) * n * inner + (place % inner);
}

/** Height and width of an image [N,C,H,W]. */
export function imageSize(value: Value): [height: number, width: number] {
  return [value.shape[2] as number, value.shape[3] as number];
}

/** [N, C] of an image. */
export function batchAndChannels(value: Value): [n: number, c: number] {
  return [value.shape[0] as number, value.shape[1] as number];
}

/** The number of rows of an image [N,C,H,W]: N·H·W. */
export function rowCount(value: Value): number {
  return (value.shape[0] as number) * (value.shape[2] as number) * (value.shape[3] as number);
}
