/**
 * The machine of a pickle: a stack of inert values with marks, and a memo. It builds a description
 * of what the pickle would make, and makes nothing of it.
 */
import { TensorError } from '../../base/error.js';
import { printable } from '../../base/printable.js';
import type { PickleCall, PickleDict, PickleValue } from './pickle-values.js';

export interface PickleRules {
  /** The name of the pickle in errors. */
  readonly what: string;
  /** @throws an error of the caller’s when this name of Python is not allowed */
  readonly checkName: (name: string) => void;
}

export type PickleMachine = ReturnType<typeof pickleMachine>;

export const pickleMachine = (bytes: Uint8Array, { what, checkName }: PickleRules) => {
  const failed = (problem: string, cause?: unknown) =>
    new TensorError(`${what} ${problem}`, {
      hint: 'save the weights again: torch.save(model.state_dict(), FILE)',
      cause,
    });
  const values = stackOf(failed);
  return { failed, ...readerOf(bytes, failed), ...values, ...described(values, checkName, failed) };
};

type PickleFailure = (problem: string, cause?: unknown) => TensorError;

/** Arguments in the bytes of the pickle. */
function readerOf(bytes: Uint8Array, failed: PickleFailure) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let at = 0;
  const take = (count: number) => {
    if (!(count <= bytes.length - at)) throw failed(`ends within a value, at byte ${bytes.length}`);
    at += count;
    return at - count;
  };
  const some = (count: number): Uint8Array => {
    const from = take(count);
    return bytes.subarray(from, from + count);
  };
  const text = (count: number): string => {
    const raw = some(count);
    try {
      return utf8.decode(raw);
    } catch (cause) {
      throw failed('has a text that is not UTF-8', cause);
    }
  };
  return {
    bytes: some,
    text,
    uint(width: 1 | 2 | 4 | 8): number {
      const from = take(width);
      if (width === 1) return view.getUint8(from);
      if (width === 2) return view.getUint16(from, true);
      return width === 4 ? view.getUint32(from, true) : Number(view.getBigUint64(from, true));
    },
    double: () => view.getFloat64(take(8), false),
    /** A whole number in two's complement. */
    long(count: number): number | bigint {
      let value = 0n;
      for (const digit of [...some(count)].reverse()) value = (value << 8n) | BigInt(digit);
      const signed = BigInt.asIntN(8 * count, value);
      // Of 255 bytes it is beyond what a number holds.
      return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed;
    },
    line(): string {
      const end = bytes.indexOf(0x0a, at);
      if (end < 0) throw failed('ends within a name');
      const name = text(end - at);
      at = end + 1;
      return name;
    },
    checkEnd() {
      if (at < bytes.length) throw failed(`ends at byte ${at}, but has ${bytes.length}`);
    },
  };
}

/** The stack, its marks and the memo. */
function stackOf(failed: PickleFailure) {
  const stack: PickleValue[] = [];
  const marks: number[] = [];
  const memo = new Map<number, PickleValue>();
  /** How many values are above the last mark. */
  const above = () => stack.length - (marks.at(-1) ?? 0);
  const top = (): PickleValue => {
    const value = stack.at(-1);
    if (value === undefined || above() < 1) throw failed('takes a value that it lacks');
    return value;
  };
  const remember = (place: number) => void memo.set(place, top());
  return {
    top,
    push: (value: PickleValue) => void stack.push(value),
    pop(count: number): PickleValue[] {
      if (above() < count) throw failed('takes a value that it lacks');
      return stack.splice(stack.length - count, count);
    },
    mark: () => void marks.push(stack.length),
    popMarked(): PickleValue[] {
      const from = marks.pop();
      if (from === undefined) throw failed('ends a list that it did not begin');
      return stack.splice(from);
    },
    remember,
    rememberNext: () => remember(memo.size),
    recall(place: number) {
      const value = memo.get(place);
      if (value === undefined) throw failed(`refers to a value ${place} that it lacks`);
      stack.push(value);
    },
    last(): PickleValue {
      const value = top();
      if (stack.length > 1 || marks.length > 0) throw failed('has values that belong to nothing');
      return value;
    },
  };
}

type Stack = ReturnType<typeof stackOf>;

/** What changes containers, and what names something of Python. */
function described({ push, pop, top }: Stack, checkName: PickleRules['checkName'], failed: PickleFailure) {
  const global = (module: string, name: string) => {
    const whole = printable(`${module}.${name}`);
    checkName(whole);
    push({ kind: 'global', name: whole });
  };
  return {
    global,
    append(items: readonly PickleValue[]) {
      const list = top();
      if (!isRecord(list) || list.kind !== 'list') throw failed('adds to something that is not a list');
      for (const item of items) list.items.push(item);
    },
    setItems(items: readonly PickleValue[]) {
      const dict = top();
      if (!isDict(dict) || items.length % 2 !== 0) throw failed('sets items of something that is not a dict');
      for (const item of items) dict.items.push(item);
    },
    globalOfStack() {
      const [module, name] = pop(2);
      if (typeof module !== 'string' || typeof name !== 'string')
        throw failed('gives a name that is no text');
      global(module, name);
    },
    call() {
      const [callee, args] = pop(2) as [PickleValue, PickleValue];
      if (!isRecord(callee) || callee.kind !== 'global' || !isRecord(args) || args.kind !== 'tuple') {
        throw failed('calls something that is not a name');
      }
      push({ kind: 'call', name: callee.name, args: args.items, items: [] });
    },
    /** The attributes of an OrderedDict, such as the versions of its modules, mean nothing here. */
    build() {
      pop(1);
      if (!isDict(top())) throw failed('gives attributes to something that is not a dict');
    },
    reference: () => push({ kind: 'reference', id: pop(1)[0] as PickleValue }),
  };
}

const isRecord = (value: PickleValue) => typeof value === 'object' && value !== null;

const isDict = (value: PickleValue): value is PickleDict | PickleCall =>
  isRecord(value) && (value.kind === 'dict' || value.kind === 'call');
