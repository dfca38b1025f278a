/**
 * The opcodes of Python's pickle protocol 2 to 5 that state dicts have. The table is all that is
 * understood; every other opcode is refused.
 * @see https://docs.python.org/3/library/pickletools.html
 */
import type { PickleMachine } from './pickle-machine.js';

type Opcode = (machine: PickleMachine) => void;

const code = (letter: string) => letter.charCodeAt(0);

export const opcodes: ReadonlyMap<number, Opcode> = new Map<number, Opcode>([
  // PROTO and FRAME say how the bytes are laid out, which changes nothing here.
  [0x80, (m) => void m.uint(1)],
  [0x95, (m) => void m.bytes(8)],

  // Plain values.
  [code('N'), (m) => m.push(null)],
  [0x88, (m) => m.push(true)],
  [0x89, (m) => m.push(false)],
  [code('K'), (m) => m.push(m.uint(1))],
  [code('M'), (m) => m.push(m.uint(2))],
  [code('J'), (m) => m.push(m.uint(4) | 0)],
  [0x8a, (m) => m.push(m.long(m.uint(1)))],
  [code('G'), (m) => m.push(m.double())],
  [0x8c, (m) => m.push(m.text(m.uint(1)))],
  [code('X'), (m) => m.push(m.text(m.uint(4)))],
  [0x8d, (m) => m.push(m.text(m.uint(8)))],

  // Containers.
  [code('('), (m) => m.mark()],
  [code('}'), (m) => m.push({ kind: 'dict', items: [] })],
  [code(']'), (m) => m.push({ kind: 'list', items: [] })],
  [code(')'), (m) => m.push({ kind: 'tuple', items: [] })],
  [code('t'), (m) => m.push({ kind: 'tuple', items: m.popMarked() })],
  [0x85, (m) => m.push({ kind: 'tuple', items: m.pop(1) })],
  [0x86, (m) => m.push({ kind: 'tuple', items: m.pop(2) })],
  [0x87, (m) => m.push({ kind: 'tuple', items: m.pop(3) })],
  [code('a'), (m) => m.append(m.pop(1))],
  [code('e'), (m) => m.append(m.popMarked())],
  [code('s'), (m) => m.setItems(m.pop(2))],
  [code('u'), (m) => m.setItems(m.popMarked())],

  // What was there before.
  [code('q'), (m) => m.remember(m.uint(1))],
  [code('r'), (m) => m.remember(m.uint(4))],
  [0x94, (m) => m.rememberNext()],
  [code('h'), (m) => m.recall(m.uint(1))],
  [code('j'), (m) => m.recall(m.uint(4))],

  // Names of Python, calls, and storages, all of them described only.
  [code('c'), (m) => m.global(m.line(), m.line())],
  [0x93, (m) => m.globalOfStack()],
  [code('R'), (m) => m.call()],
  [code('b'), (m) => m.build()],
  [code('Q'), (m) => m.reference()],
]);

export const PICKLE_END = code('.');
