// What the kill loop of a cluster counted: a row per kind of kill, and every breach in words. A table of it stands in
// docs/RELIABILITY.md.

interface Row {
  kills: number;
  /** Orders accepted from the end of the round before to the kill. */
  accepted: number;
  /** From the kill to the next acceptance, of rounds that waited for it. */
  readonly wentOn_ms: number[];
}

const COLUMNS = [
  ...["killed", "times", "orders acknowledged before", "from the kill to the next acknowledgement, ms: p50"],
  ...["p99", "most"],
];

export class ClusterFigures {
  /** Every breach, in words. */
  readonly wrong: string[] = [];
  /** Orders whose clients never learned what became of them. */
  unknown = 0;
  /** Replicas that were told to lead and refused: who might have had more was dead. */
  refused = 0;
  readonly #rows = new Map<string, Row>();

  /** One more kill of this kind. */
  killed(what: string, accepted: number): void {
    const row = this.#rows.get(what) ?? { kills: 0, accepted: 0, wentOn_ms: [] };
    this.#rows.set(what, row);
    row.kills++;
    row.accepted += accepted;
  }

  /** After a kill of this kind an order was accepted again. */
  wentOn(what: string, took_ms: number): void {
    this.#rows.get(what)?.wentOn_ms.push(took_ms);
  }

  get kills(): number {
    return [...this.#rows.values()].reduce((sum, { kills }) => sum + kills, 0);
  }

  get acknowledged(): number {
    return [...this.#rows.values()].reduce((sum, { accepted }) => sum + accepted, 0);
  }

  /** Markdown. */
  table(): string {
    const lines = [...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(lineOf);
    const rule = COLUMNS.map((_, i) => (i === 0 ? "---" : "---:"));
    return [`| ${COLUMNS.join(" | ")} |`, `| ${rule.join(" | ")} |`, ...lines].join("\n");
  }

  /** One line: what became of the orders. */
  summary(): string {
    const asked = this.refused === 0 ? "" : `; replicas told to lead refused ${this.refused} times`;
    const broken = this.wrong.length === 0 ? "none of them lost or executed twice" : "NOT ALL AS IT MUST BE";
    return `${this.acknowledged} orders acknowledged, ${broken}, ${this.unknown} never answered${asked}`;
  }
}

function lineOf([what, { kills, accepted, wentOn_ms }]: [string, Row]): string {
  const sorted = wentOn_ms.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor((sorted.length - 1) * share)]);
  const times = sorted.length === 0 ? ["", "", ""] : [at(0.5), at(0.99), at(1)];
  return `| ${[what, kills, accepted, ...times].join(" | ")} |`;
}
