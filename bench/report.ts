// How results are shown: a table for people, JSON for programs, and the sections of docs/BENCHMARKS.md, which only
// this file writes. Every figure carries where it was measured and by which command.

import { type ExecFileSyncOptionsWithStringEncoding, execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { type BenchResult, meetsAim, type Row } from "./harness.ts";

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
function figure(value: number): string {
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
  const lines = [COLUMNS as readonly string[], ...result.rows.map(cells)];
  const widths = COLUMNS.map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  const pad = (cell: string, i: number): string =>
    i >= 1 && i <= 3 ? cell.padStart(widths[i]) : cell.padEnd(widths[i]);
  const body = lines.map((line) => line.map(pad).join("  ").trimEnd()).join("\n");
  const notes = (result.notes ?? []).map((note) => `note: ${note}\n`).join("");
  return `${result.bench}: ${result.about} (${roundsText(result.rounds)})\n${body}\n${notes}`;
}

/** The section of a bench in docs/BENCHMARKS.md. */
export function markdownSection(result: BenchResult, origin: Provenance): string {
  const table = [
    `| ${COLUMNS.join(" | ")} |`,
    "| --- | ---: | ---: | ---: | --- | --- |",
    ...result.rows.map((row) => `| ${cells(row).join(" | ")} |`),
  ].join("\n");
  const notes = (result.notes ?? []).map((note) => `${note}.\n\n`).join("");
  const where = `${origin.cpu}, ${origin.cores} cores, ${origin.memory_gib} GiB, Linux ${origin.kernel}, Node ${origin.node}`;
  return `## ${result.bench}\n\n${result.about}. ${roundsText(result.rounds)}.\n\n${table}\n\n${notes}\`${origin.command}\` at ${origin.commit} on ${origin.date}; ${where}.\n`;
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
