// What seeded runs came to, as a table: a row for each way the feed came.

import type { RunResult, Scenario } from "./run.ts";

const COLUMNS = [
  "runs",
  "messages told",
  "missing when seen",
  "in order after all",
  "from the other line",
  "retransmitted",
  "snapshots",
  "passed over by them",
  "left out for a slow one",
  "epochs begun",
  "sums held against books",
  "sums that did not agree",
  "books that are not the engine's",
] as const;

export class ProxyFigures {
  readonly wrong: string[] = [];
  runs = 0;
  readonly #rows = new Map<string, number[]>();

  add(seed: number, { scenario, client, wrong }: RunResult): void {
    this.runs++;
    for (const line of wrong) this.wrong.push(`seed ${seed}: ${line}`);
    const name = nameOf(scenario);
    const row = this.#rows.get(name) ?? COLUMNS.map(() => 0);
    this.#rows.set(name, row);
    row[0]++;
    row[COLUMNS.length - 1] += wrong.length > 0 ? 1 : 0;
    for (const { figures } of client.intake.receivers) {
      const own = [
        figures.messages,
        figures.missing,
        figures.reordered,
        figures.recoveredByLine,
        figures.recoveredByRetransmission,
        figures.snapshots,
        figures.lost,
        figures.conflated,
        figures.epochs,
        figures.checksums,
        figures.mismatches,
      ];
      for (const [i, count] of own.entries()) row[i + 1] += count;
    }
  }

  table(): string {
    const lines = [...this.#rows].sort().map(([name, row]) => `| ${name} | ${row.join(" | ")} |`);
    return [
      `| the feed comes over | ${COLUMNS.join(" | ")} |`,
      `| --- |${" ---: |".repeat(COLUMNS.length)}`,
      ...lines,
    ].join("\n");
  }
}

function nameOf({ lines, symbols, conflate, hasRecovery }: Scenario): string {
  const recovery = hasRecovery ? "with recovery" : "snapshots alone";
  if (lines > 0) return `${lines === 1 ? "one line" : "lines A and B"}, ${recovery}`;
  const some = symbols.length > 0 ? "a stream, of one symbol" : "a stream";
  return conflate ? `${some}, conflated` : some;
}
