/**
 * The linear assignment problem: which one-to-one choice of a column for each row has the greatest
 * sum. It is solved by shortest augmenting paths with potentials, O(n³) (Jonker and Volgenant 1987,
 * https://doi.org/10.1007/BF02278710, without their initialisation).
 *
 * The solver finds the least sum of costs c = −gain. The dual problem has a potential u for each
 * row and v for each column with u + v ≤ c everywhere. If an assignment uses only tight pairs, u +
 * v = c, both sums are equal and so both optimal. Rows are added one after the other: Dijkstra's
 * algorithm on the reduced costs c − u − v ≥ 0 finds the shortest path from the new row to a free
 * column, alternating between pairs that are not chosen and pairs that are. Raising the potentials
 * of the visited rows and columns by the remaining distance keeps u + v ≤ c and makes the path
 * tight. Exchanging the pairs along the path assigns the row.
 */

/**
 * @param gain [n, n], row-major, finite
 * @returns the column of each row; among equal sums always the same one
 */
export function linearAssignment(gain: Float64Array, n: number): Uint32Array {
  // Row and column 0 mean none: real ones count from 1.
  const u = new Float64Array(n + 1);
  const v = new Float64Array(n + 1);
  const rowOf = new Uint32Array(n + 1);
  const before = new Uint32Array(n + 1);
  const distance = new Float64Array(n + 1);
  const done = new Uint8Array(n + 1);
  for (let newRow = 1; newRow <= n; newRow++) {
    distance.fill(Number.POSITIVE_INFINITY);
    done.fill(0);
    rowOf[0] = newRow;
    let column = 0;
    while (rowOf[column] !== 0) {
      done[column] = 1;
      const row = rowOf[column] as number;
      let nearest = 0;
      let step = Number.POSITIVE_INFINITY;
      for (let j = 1; j <= n; j++) {
        if (done[j] === 1) continue;
        const reduced = -(gain[(row - 1) * n + j - 1] as number) - (u[row] as number) - (v[j] as number);
        if (reduced < (distance[j] as number)) {
          distance[j] = reduced;
          before[j] = column;
        }
        if ((distance[j] as number) < step) {
          step = distance[j] as number;
          nearest = j;
        }
      }
      // The potentials of visited rows and columns move by the step, so distances count from the
      // present end of the path.
      for (let j = 0; j <= n; j++) {
        if (done[j] === 1) {
          u[rowOf[j] as number] = (u[rowOf[j] as number] as number) + step;
          v[j] = (v[j] as number) - step;
        } else {
          distance[j] = (distance[j] as number) - step;
        }
      }
      column = nearest;
    }
    while (column !== 0) {
      const previous = before[column] as number;
      rowOf[column] = rowOf[previous] as number;
      column = previous;
    }
  }
  const columns = new Uint32Array(n);
  for (let j = 1; j <= n; j++) columns[(rowOf[j] as number) - 1] = j - 1;
  return columns;
}

/**
 * The same among orders that exchange whole groups of consecutive units, and units within a group.
 * The column group of a row group determines which columns its units can have. So the best gain of
 * each pair of groups is an assignment of its own, and choosing the pairs is one more.
 */
export function groupedAssignment(gain: Float64Array, n: number, groups: number): Uint32Array {
  const size = n / groups;
  const within: Uint32Array[] = [];
  const between = new Float64Array(groups * groups);
  for (let row = 0; row < groups; row++) {
    for (let column = 0; column < groups; column++) {
      const part = Float64Array.from({ length: size * size }, (_, place) => {
        const [i, j] = [row * size + Math.floor(place / size), column * size + (place % size)];
        return gain[i * n + j] as number;
      });
      const chosen = linearAssignment(part, size);
      within.push(chosen);
      between[row * groups + column] = chosen.reduce((sum, j, i) => sum + (part[i * size + j] as number), 0);
    }
  }
  const columnOf = linearAssignment(between, groups);
  return Uint32Array.from({ length: n }, (_, unit) => {
    const row = Math.floor(unit / size);
    const column = columnOf[row] as number;
    return column * size + ((within[row * groups + column] as Uint32Array)[unit % size] as number);
  });
}
