// What kill loops of the tape counted: a row per kind of kill, and every breach in words. A table of it stands in
// docs/RELIABILITY.md.

interface Row {
  kills: number;
  /** Acknowledged since the kill before, by ack level; at level 0 nothing ever is. */
  readonly acknowledged: [number, number, number];
  /** Of publishers that were killed: sent without an ack, in the topic and not. */
  unknownThere: number;
  unknownNot: number;
  breaches: number;
}

const COLUMNS = [
  ...["killed", "times", "batches acknowledged at level 2 before", "at level 1"],
  ...["a killed publisher's last ones without an ack: there / not", "lost, torn, twice or out of order"],
];

export class TapeKillFigures {
  /** Every breach, in words. */
  readonly wrong: string[] = [];
  /** Of all readers' topics together, at the end. */
  batches = 0;
  bytes = 0;
  /** Topics whose files were read from the first byte on, and how many of them ended in a torn frame. */
  topicsRead = 0;
  tornEnds = 0;
  readonly #rows = new Map<string, Row>();
  readonly #starts_ms: number[] = [];
  #row = this.row("before the first kill");

  row(name: string): Row {
    const row: Row = this.#rows.get(name) ?? {
      ...{ kills: 0, acknowledged: [0, 0, 0], unknownThere: 0, unknownNot: 0, breaches: 0 },
    };
    this.#rows.set(name, row);
    return row;
  }

  /** What is found from now on is counted there. */
  killed(name: string): void {
    this.#row = this.row(name);
    this.#row.kills++;
  }

  get current(): Row {
    return this.#row;
  }

  get kills(): number {
    return [...this.#rows.values()].reduce((sum, { kills }) => sum + kills, 0);
  }

  /** At level 1 and 2. */
  get acknowledged(): number {
    return [...this.#rows.values()].reduce((sum, row) => sum + row.acknowledged[1] + row.acknowledged[2], 0);
  }

  breach(what: string): void {
    this.#row.breaches++;
    this.wrong.push(what);
  }

  started(took_ms: number): void {
    this.#starts_ms.push(took_ms);
  }

  /** Markdown. */
  table(): string {
    const rows = [...this.#rows].filter(([, row]) => row.kills > 0).sort(([a], [b]) => (a < b ? -1 : 1));
    const rule = COLUMNS.map((_, i) => (i === 0 ? "---" : "---:"));
    const lines = rows.map(([name, row]) => {
      const unknown = `${row.unknownThere} / ${row.unknownNot}`;
      return [name, row.kills, row.acknowledged[2], row.acknowledged[1], unknown, row.breaches];
    });
    return [COLUMNS, rule, ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  }

  /** One line. */
  summary(): string {
    const sorted = [...this.#starts_ms].sort((a, b) => a - b);
    const at = (share: number) => Math.round(sorted[Math.floor((sorted.length - 1) * share)]);
    const read = `${this.batches} batches, ${(this.bytes / 1e9).toFixed(2)} GB, were read by two subscribers of each topic while all went on and by one more at the end`;
    const files = `the files of ${this.topicsRead} topics from their first byte on, ${this.tornEnds} with a torn end`;
    return `${read}, ${files}; ${sorted.length} starts took, from launch to ready, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`;
  }
}
