// What kill loops counted: a row per kind of kill, and every breach in words. A table of it stands in docs/RELIABILITY.md.

import type { RuntimeStart } from "../../src/runtime/index.ts";
import type { OrderRecord } from "./order-ledger.ts";

interface Row {
  kills: number;
  /** Orders and cancels that their client was told of. */
  acknowledged: number;
  /** Orders sent whose answer was lost with the connection: in the log, and not. */
  unknownEntered: number;
  unknownNot: number;
  lost: number;
  twice: number;
  tornEnds: number;
}

const COLUMNS = [
  ...["killed", "kills", "acknowledged orders and cancels", "of them lost", "orders executed twice"],
  ...["orders without an answer: there / not", "torn ends cut"],
];

export class KillFigures {
  /** Every breach, in words. */
  readonly wrong: string[] = [];
  /** The row of the last kill under load: what a start then finds is counted there. */
  current: Row | undefined;
  readonly #rows = new Map<string, Row>();
  readonly #starts_ms: number[] = [];
  #compared = 0;
  #fromSnapshot = 0;

  row(name: string): Row {
    let row = this.#rows.get(name);
    if (row === undefined) {
      const none = { acknowledged: 0, unknownEntered: 0, unknownNot: 0, lost: 0, twice: 0, tornEnds: 0 };
      row = { kills: 0, ...none };
      this.#rows.set(name, row);
    }
    return row;
  }

  /** A state from a snapshot (or not) and the log after it, and whether it is the one of the whole log. */
  compared({ position, snapshot }: RuntimeStart, isSame: boolean): void {
    this.#compared++;
    if (snapshot !== undefined) this.#fromSnapshot++;
    if (!isSame) this.wrong.push(`position ${position}: another state than the whole log gives`);
  }

  /** What another loop counted, too. */
  add(other: KillFigures): void {
    for (const [name, counts] of other.#rows) {
      const row = this.row(name);
      for (const what of Object.keys(counts) as (keyof Row)[]) row[what] += counts[what];
    }
    this.wrong.push(...other.wrong);
    this.#starts_ms.push(...other.#starts_ms);
    this.#compared += other.#compared;
    this.#fromSnapshot += other.#fromSnapshot;
  }

  get kills(): number {
    return this.#sum(({ kills }) => kills);
  }

  get acknowledged(): number {
    return this.#sum(({ acknowledged }) => acknowledged);
  }

  #sum(of: (row: Row) => number): number {
    return [...this.#rows.values()].reduce((sum, row) => sum + of(row), 0);
  }

  /** A node is ready `took_ms` after it was launched; its log says whether it cut a torn end. */
  started(took_ms: number, stderr: string): void {
    this.#starts_ms.push(took_ms);
    if (this.current !== undefined && stderr.includes('"cut_bytes"')) this.current.tornEnds++;
  }

  /** An order of the last round, and how often it is in the log. */
  count(order: OrderRecord, times: number, where: string): void {
    const row = this.current ?? this.row("before the first kill");
    if (order.entered === "no") {
      if (times > 0) this.undone(`${where} was refused and is in the log`);
      return;
    }
    if (order.entered === "yes") row.acknowledged++;
    else if (times > 0) row.unknownEntered++;
    else row.unknownNot++;
    if (order.cancelled === "yes") row.acknowledged++;
    if (times > 1) {
      row.twice++;
      this.wrong.push(`${where} is in the log ${times} times`);
    }
    if (times === 0 && order.entered === "yes") {
      row.lost++;
      this.wrong.push(`${where} was acknowledged and is not in the log`);
    }
  }

  /** What rests, or does not, contradicts what its client was told. */
  undone(what: string): void {
    if (this.current !== undefined) this.current.lost++;
    this.wrong.push(what);
  }

  /** Markdown. */
  table(): string {
    const lines = [...this.#rows]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, row]) => lineOf(name, row));
    const rule = COLUMNS.map((_, i) => (i === 0 ? "---" : "---:"));
    return [`| ${COLUMNS.join(" | ")} |`, `| ${rule.join(" | ")} |`, ...lines].join("\n");
  }

  /** One line: how long starts took, and what states were compared. */
  summary(): string {
    const sorted = [...this.#starts_ms].sort((a, b) => a - b);
    const at = (share: number) => Math.round(sorted[Math.floor((sorted.length - 1) * share)]);
    const took = `${sorted.length} starts took, from launch to ready, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`;
    if (this.#compared === 0) return took;
    const states = `${this.#compared} states were the same as the whole log's, ${this.#fromSnapshot} of them from a snapshot`;
    return `${took}; ${states}`;
  }
}

function lineOf(name: string, row: Row): string {
  const unknown = `${row.unknownEntered} / ${row.unknownNot}`;
  const cells = [name, row.kills, row.acknowledged, row.lost, row.twice, unknown, row.tornEnds];
  return `| ${cells.join(" | ")} |`;
}
