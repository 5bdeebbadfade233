// Which line of a file stands for which line it should have. Lines that are right find each other, by an increasing
// sequence that is as long as can be; what lies between two of them is paired in order. So a changed, a missing and an
// added line are one difference each, and never make the lines after them look wrong.

/** A place in the expected lines and one in those found; one of them is undefined when a line is missing or added. */
export type Pair = readonly [expected: number | undefined, found: number | undefined];

/** Pairs `expected`, whose lines all differ, with `found`; both appear in their order. O(n log n). */
export function alignLines(expected: readonly string[], found: readonly string[]): Pair[] {
  const place = new Map(expected.map((line, i) => [line, i]));
  const right = longestIncreasing(found.map((line) => place.get(line)));
  const pairs: Pair[] = [];
  let [e, f] = [0, 0];
  for (const at of [...right, found.length]) {
    const until = at === found.length ? expected.length : place.get(found[at])!;
    while (e < until || f < at) pairs.push([e < until ? e++ : undefined, f < at ? f++ : undefined]);
    if (at < found.length) pairs.push([e++, f++]);
  }
  return pairs;
}

/** Indices of the longest strictly increasing subsequence of `values`; undefined ones are passed over. */
function longestIncreasing(values: readonly (number | undefined)[]): number[] {
  /** ends[n]: the index of the smallest value that ends an increasing sequence of n + 1. */
  const ends: number[] = [];
  const before: (number | undefined)[] = [];
  values.forEach((value, i) => {
    if (value === undefined) return;
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (values[ends[middle]]! < value) low = middle + 1;
      else high = middle;
    }
    before[i] = ends[low - 1];
    ends[low] = i;
  });
  const longest: number[] = [];
  for (let i = ends.at(-1); i !== undefined; i = before[i]) longest.push(i);
  return longest.reverse();
}
