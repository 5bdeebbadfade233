// How results are shown: a table for people, JSON for programs, and the sections of docs/BENCHMARKS.md, which only
// this file writes. Every figure carries where it was measured and by which command.

import { type ExecFileSyncOptionsWithStringEncoding, execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { type BenchResult, meetsAim, type Row, type SideTable } from "./harness.ts";

export interface Provenance {
  readonly command: string;
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memory_gib: number;
  readonly kernel: string;
  readonly node: string;
  /** The commit measured, with `+` when the tree had changes; "unknown" outside a checkout. */
  readonly commit: string;
}

export function provenance(command: string): Provenance {
  return {
    command,
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memory_gib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    commit: commitOf(),
  };
}

function commitOf(): string {
  try {
    const options: ExecFileSyncOptionsWithStringEncoding = {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    };
    const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], options).trim();
    const changes = execFileSync("git", ["status", "--porcelain", "--", "src", "bench"], options).trim();
    return changes === "" ? commit : `${commit}+`;
  } catch {
    return "unknown";
  }
}

function roundsText(rounds: number): string {
  return rounds === 1 ? "1 round" : `${rounds} rounds`;
}

/** A figure with three significant digits, thousands grouped. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "-";
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

const COLUMNS = ["what", "median", "best", "worst", "unit", "aim"] as const;

function cells(row: Row): string[] {
  return [row.name, figure(row.median), figure(row.best), figure(row.worst), row.unit, aimText(row)];
}

/** `<= 40, met`; empty without an aim. */
function aimText(row: Row): string {
  const { aim } = row;
  if (aim === undefined) return "";
  const bound = "atLeast" in aim ? `>= ${figure(aim.atLeast)}` : `<= ${figure(aim.atMost)}`;
  const atBest = aim.atBest === undefined ? "" : ` (best <= ${figure(aim.atBest)})`;
  return `${bound}${atBest}, ${meetsAim(row) ? "met" : "missed"}`;
}

/** A table for the terminal. */
export function textTable(result: BenchResult): string {
  const body = aligned([COLUMNS, ...result.rows.map(cells)], (column) => column >= 1 && column <= 3);
  const tables = (result.tables ?? []).map((table) => `${table.title}:\n${sideText(table)}\n`).join("");
  const notes = (result.notes ?? []).map((note) => `note: ${note}\n`).join("");
  return `${result.bench}: ${result.about} (${roundsText(result.rounds)})\n${body}\n${tables}${notes}`;
}

function sideText({ columns, lines }: SideTable): string {
  return aligned([columns, ...lines], (column) => column >= 1);
}

function aligned(lines: readonly (readonly string[])[], isFigure: (column: number) => boolean): string {
  const widths = lines[0].map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  const pad = (cell: string, i: number): string =>
    isFigure(i) ? cell.padStart(widths[i]) : cell.padEnd(widths[i]);
  return lines.map((line) => line.map(pad).join("  ").trimEnd()).join("\n");
}

/** The section of a bench in docs/BENCHMARKS.md. */
export function markdownSection(result: BenchResult, origin: Provenance): string {
  const line = (some: readonly string[]): string => `| ${some.join(" | ")} |`;
  const rule = "| --- | ---: | ---: | ---: | --- | --- |";
  const table = [line(COLUMNS), rule, ...result.rows.map((row) => line(cells(row)))].join("\n");
  const tables = (result.tables ?? []).map(({ title, columns, lines }) => {
    const sideRule = line(columns.map((_, i) => (i === 0 ? "---" : "---:")));
    return `${title}:\n\n${[line(columns), sideRule, ...lines.map(line)].join("\n")}\n\n`;
  });
  const notes = (result.notes ?? []).map((note) => `${note}.\n\n`).join("");
  const where = `${origin.cpu}, ${origin.cores} cores, ${origin.memory_gib} GiB, Linux ${origin.kernel}, Node ${origin.node}`;
  return `## ${result.bench}\n\n${result.about}. ${roundsText(result.rounds)}.\n\n${table}\n\n${tables.join("")}${notes}\`${origin.command}\` at ${origin.commit} on ${origin.date}; ${where}.\n`;
}

/** Puts a section into the file in place of the one of the same bench. */
export function writeSection(path: string, bench: string, section: string): void {
  const text = existsSync(path) ? readFileSync(path, "utf8") : HEAD;
  const parts = text.split(/^(?=## )/m);
  const others = parts.filter((part) => !part.startsWith(`## ${bench}\n`));
  const [head, ...rest] = others;
  const sections = [...rest, section].sort((a, b) => a.localeCompare(b, "en"));
  writeFileSync(path, `${head.trimEnd()}\n\n${sections.map((part) => part.trimEnd()).join("\n\n")}\n`);
}

const HEAD = `# Benchmarks

Written by \`seriatim bench ... --write docs/BENCHMARKS.md\`; do not edit by hand. The cases of a table ran in turn within
one process, so compare within a table, not between tables. "best" is the best round, "worst" the worst.
`;
