// Opening a log is a decision table. D is the highest durable position that any whole frame or mark on disk
// names, or that the header of a later segment implies (a segment is begun only when everything before it is safe).
//
//   damage            in the last  above  whole frame   writes   verdict
//                     segment      D      behind it     ahead
//   ----------------  -----------  -----  ------------  -------  ----------------------------------------------
//   none              -            -      -             -        clean: append behind the last frame, remains are cut before
//   segment header    -            -      -             -        corrupt: it was safe before the file had its name
//   not continuing    -            -      -             -        corrupt: a gap, a broken link, a missing segment
//   newest missing    -            -      -             -        corrupt: the last that is there says that it goes on
//   cut short         -            -      -             -        corrupt: zeros were safe up to the file's end
//   not whole         no           -      -             -        corrupt: its successor proves that it was durable
//   not whole         yes          no     -             -        corrupt: it was durable
//   not whole         yes          yes    yes           yes      torn: none of what follows it was durable
//   not whole         yes          yes    yes           no       corrupt: what follows it would be lost with it
//   not whole         yes          yes    no            -        torn: cut to the last whole frame
//
// "Not whole" is anything a crash can leave: a bad CRC, any of its sectors missing. A log that writes ahead has
// many frames under way between two syncs, of which a power loss keeps any; all that lies behind is looked through
// for a higher D before its end is called torn. A sparse log's files are cut and given their size again (segment-end.ts), so that
// a crash can leave one of its files short: then that is "not whole"; of any other log it is "cut short".

export type Damage =
  | "none"
  | "segment header"
  | "not continuing"
  | "newest missing"
  | "cut short"
  | "not whole";
export type Verdict = "clean" | "torn" | "corrupt";

export interface TailFacts {
  readonly damage: Damage;
  readonly inLastSegment: boolean;
  /** The position the first damaged frame would begin with lies above D. */
  readonly aboveDurable: boolean;
  readonly wholeFrameBehind: boolean;
  /** Many frames of this log may be written between two syncs. */
  readonly writesAhead: boolean;
  /** Behind the last frame lies what the file held before; no damage, and only words depend on it. */
  readonly hasRemains: boolean;
  /** The last frame's fence stands, and behind it another one's alone; only words depend on it. */
  readonly isOnlyBegun: boolean;
}

interface Row {
  readonly when: Partial<TailFacts>;
  readonly verdict: Verdict;
  /** What to say after the fault itself. */
  readonly because: string;
}

/** The first row whose every condition holds decides. */
const TABLE: readonly Row[] = [
  {
    when: { damage: "none", hasRemains: true },
    verdict: "clean",
    because: "it ends on a frame boundary, and behind it lies what its last file held before",
  },
  { when: { damage: "none" }, verdict: "clean", because: "it ends on a frame boundary with zeros behind it" },
  {
    when: { damage: "segment header" },
    verdict: "corrupt",
    because: "a header is safe before its file has a name",
  },
  { when: { damage: "not continuing" }, verdict: "corrupt", because: "the history is broken here" },
  {
    when: { damage: "newest missing" },
    verdict: "corrupt",
    because: "that is said only once the next segment is safe",
  },
  {
    when: { damage: "cut short" },
    verdict: "corrupt",
    because: "its whole size was safe before the file had its name, and no writer of this log shortens one",
  },
  {
    when: { damage: "not whole", inLastSegment: false },
    verdict: "corrupt",
    because: "a later segment follows, so it was durable",
  },
  {
    when: { damage: "not whole", aboveDurable: false },
    verdict: "corrupt",
    because: "the position was durable",
  },
  {
    when: { damage: "not whole", wholeFrameBehind: true, writesAhead: true },
    verdict: "torn",
    because: "what lies behind it was written ahead, and names nothing from here on as durable",
  },
  {
    when: { damage: "not whole", wholeFrameBehind: true },
    verdict: "corrupt",
    because:
      "a whole frame lies behind it; a power loss can leave that in modes flush and buffered, never in fsync",
  },
  {
    when: { damage: "not whole", isOnlyBegun: true },
    verdict: "torn",
    because: "a kill before it was written loses nothing; a power loss may have taken what was not synced",
  },
  {
    when: { damage: "not whole" },
    verdict: "torn",
    because: "nothing durable is known to lie here: an interrupted write, or damage to the very last frame",
  },
];

/** The verdict on a log by the table above. */
export function classifyTail(facts: TailFacts): { readonly verdict: Verdict; readonly because: string } {
  for (const row of TABLE) {
    const conditions = Object.entries(row.when) as [keyof TailFacts, unknown][];
    if (conditions.every(([fact, value]) => facts[fact] === value)) return row;
  }
  throw new Error("the last row holds for whatever is left");
}
