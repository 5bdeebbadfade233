// What a node holds, looked at after every step, each with the most that its own limits let it be. Where real limits are large
// beside what a run makes, the simulation has smaller ones, so that they are met.

/** Told what it is, how much of it there is, and how much there may be. */
export type BoundCheck = (what: string, now: number, most: number) => void;

export interface Bounded {
  /** Says everything that it holds. */
  bounds(check: BoundCheck): void;
}
