/**
 * Splits that keep the examples of a cluster, such as a patient, together: the first example of
 * each stands for it, and the others follow.
 */

export interface Clusters {
  /** The first example of each cluster, ascending. */
  readonly first: Uint32Array;
  /** All examples of the clusters at these places of `first`, ascending. */
  members(places: Uint32Array): Uint32Array;
}

/** @param numbers [examples], equal for the examples of a cluster */
export function clustersOf(numbers: ArrayLike<number>): Clusters {
  const places = new Map<number, number>();
  const first: number[] = [];
  const own = Uint32Array.from(numbers, (number, example) => {
    const known = places.get(number);
    if (known !== undefined) return known;
    places.set(number, first.length);
    return first.push(example) - 1;
  });
  return {
    first: Uint32Array.from(first),
    members(chosen) {
      const isChosen = new Uint8Array(first.length);
      for (const place of chosen) isChosen[place] = 1;
      return Uint32Array.from(own.keys()).filter((example) => isChosen[own[example] as number] === 1);
    },
  };
}
