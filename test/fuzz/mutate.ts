/**
 * What becomes of good input on its way through a hostile hand. All of it follows from the seed.
 */

/** From 0, below 1. @see mulberry32 */
export type Dice = () => number;

export function diceOf(seed: number): Dice {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const below = (dice: Dice, end: number) => Math.floor(dice() * end);
export const oneOf = <Item>(dice: Dice, items: readonly Item[]): Item =>
  items[below(dice, items.length)] as Item;

const deep = (depth: number) => {
  let value: unknown = [];
  for (let i = 0; i < depth; i++) value = [value];
  return value;
};

/** Put wherever the schema has something else. */
const HOSTILE: readonly unknown[] = [
  ...[null, true, false, 0, -0, -1, 0.5, 1e-320, 1e308, 2 ** 53, -(2 ** 53), 2 ** 31, 2 ** 32],
  ...['', ' ', '0', 'x'.repeat(300), '__proto__', 'constructor', 'NaN', '../../etc/passwd', 'a\u0000b'],
  ...['\u001b[2J\u009b31m', '\ud800', '\u202e', 'é'.normalize('NFD'), 'a'.repeat(64), 'A'.repeat(64)],
  ...[[], {}, [[]], [null], { type: 'update' }, { length: 1e9 }, { toJSON: 1 }, { valueOf: 'x' }, deep(200)],
];
const KEYS = ['__proto__', 'constructor', 'toString', 'type', 'round', 'length', 'then', '', '\u0000', 'é'];

type Holder = Record<string | number, unknown>;

/** Every place of a document: the holder and its key. */
function placesOf(value: unknown): [Holder, string | number][] {
  const places: [Holder, string | number][] = [];
  const walk = (holder: unknown) => {
    if (typeof holder !== 'object' || holder === null) return;
    for (const key of Object.keys(holder)) {
      places.push([holder as Holder, key]);
      walk((holder as Holder)[key]);
    }
  };
  walk(value);
  return places;
}

/** A document of which a place or two hold something else, more or less. `other` gives pieces. */
export function mutatedDocument(dice: Dice, document: unknown, other: unknown): unknown {
  const root = { document: structuredClone(document) };
  for (let times = 1 + below(dice, 2); times > 0; times--) {
    const places = placesOf(root);
    if (places.length === 0) break;
    const [holder, key] = oneOf(dice, places);
    switch (below(dice, 6)) {
      case 0:
        delete holder[key];
        break;
      case 1: {
        const [from, at] = oneOf(dice, placesOf({ other }));
        holder[key] = structuredClone(from[at]);
        break;
      }
      case 2: {
        const target = holder[key];
        const isDocument = typeof target === 'object' && target !== null && !Array.isArray(target);
        const owner = isDocument ? (target as Holder) : holder;
        if (Array.isArray(owner)) break;
        // As JSON.parse does it: a property, and no prototype.
        Object.defineProperty(owner, oneOf(dice, KEYS), {
          value: structuredClone(oneOf(dice, HOSTILE)),
          ...{ enumerable: true, configurable: true, writable: true },
        });
        break;
      }
      default:
        holder[key] = structuredClone(oneOf(dice, HOSTILE));
    }
  }
  return root.document;
}

const TOKENS = [
  ...['{', '}', '[', ']', ',', ':', '"', '\\', '\\u0000', '\\ud800', 'null', '1e999', '-0', '1e-999'],
  ...[
    '"__proto__":{},',
    '"type":"left",',
    '"round":1,',
    '\u0000',
    '\ufeff',
    '/*',
    '9'.repeat(400),
    ' '.repeat(99),
  ],
];

/** A text of which a part is missing, doubled, or another. */
export function mutatedText(dice: Dice, text: string): string {
  const at = below(dice, text.length + 1);
  const to = at + below(dice, 1 + Math.min(text.length - at, 40));
  switch (below(dice, 6)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + text.slice(to);
    case 2:
      return text.slice(0, to) + text.slice(at);
    case 3:
      return text.slice(0, at) + oneOf(dice, TOKENS).repeat(1 + below(dice, 3)) + text.slice(at);
    case 4: {
      // In place of a value, and now and then deeper than the stack of whoever walks it by calls.
      const deepness = 1 + below(dice, dice() < 0.1 ? 20_000 : 20);
      const begin = text.indexOf(':', at) + 1;
      const end = text.slice(begin).search(/[,}]/);
      return `${text.slice(0, begin)}${'['.repeat(deepness)}${']'.repeat(deepness)}${end < 0 ? '' : text.slice(begin + end)}`;
    }
    default:
      return text.slice(0, at) + String.fromCharCode(below(dice, 0x10000)) + text.slice(at + 1);
  }
}

/** Bytes of which some are others, missing, or more. */
export function mutatedBytes(dice: Dice, bytes: Uint8Array): Uint8Array {
  const at = below(dice, bytes.length + 1);
  switch (below(dice, 4)) {
    case 0:
      return bytes.slice(0, at);
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(below(dice, bytes.length + 1))]);
    default: {
      const other = bytes.slice();
      for (let times = 1 + below(dice, 4); times > 0; times--) {
        other[below(dice, other.length)] = oneOf(dice, [0, 1, 0x7f, 0x80, 0xff, below(dice, 256)]);
      }
      return other;
    }
  }
}
