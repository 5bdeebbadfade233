// Seeds beyond those that a test always tries, asked for by who runs it.

/** The seeds A to B of SERIATIM_SEEDS=A..B; none when it is not set. */
export function extraSeeds(text = process.env.SERIATIM_SEEDS): number[] {
  if (text === undefined) return [];
  const [, first, last] = /^(\d{1,9})\.\.(\d{1,9})$/.exec(text) ?? [];
  if (first === undefined || Number(first) > Number(last))
    throw new Error(`SERIATIM_SEEDS is '${text}', not two ascending numbers like 100..199`);
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => Number(first) + i);
}
