/**
 * What a pickle describes, as inert values. A call is kept as the name of what would be called and
 * its arguments: nothing is looked up, and nothing runs.
 */

export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickleGlobal
  | PickleList
  | PickleTuple
  | PickleDict
  | PickleCall
  | PickleReference;

/** Something of Python, by its name: "collections.OrderedDict". */
export interface PickleGlobal {
  readonly kind: 'global';
  readonly name: string;
}

export interface PickleList {
  readonly kind: 'list';
  readonly items: PickleValue[];
}

export interface PickleTuple {
  readonly kind: 'tuple';
  readonly items: readonly PickleValue[];
}

export interface PickleDict {
  readonly kind: 'dict';
  /** Keys and values in turn. */
  readonly items: PickleValue[];
}

/** What a global made of its arguments, and what was put into it afterwards, as into a dict. */
export interface PickleCall {
  readonly kind: 'call';
  readonly name: string;
  readonly args: readonly PickleValue[];
  /** Keys and values in turn. */
  readonly items: PickleValue[];
}

/** Something outside the pickle: a storage of PyTorch. */
export interface PickleReference {
  readonly kind: 'reference';
  readonly id: PickleValue;
}
