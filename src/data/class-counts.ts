/** [count]: the number of examples in each group, over all of them or those at `indices`. */
export function classCounts(
  labels: ArrayLike<number>,
  categories: number,
  indices?: ArrayLike<number>,
): Uint32Array {
  const counts = new Uint32Array(categories);
  const examples = indices === undefined ? labels.length : indices.length;
  for (let place = 0; place < examples; place++) {
    const label = labels[indices === undefined ? place : (indices[place] as number)] as number;
    counts[label] = (counts[label] as number) + 1;
  }
  return counts;
}
