// A recorded flow against the engine: what the file says, line by line, beside what its commands compute to. Events
// are compared command by command and levels price by price, so that one wrong line is one difference and never
// makes the lines after it look wrong.

import {
  type Flow,
  type FlowBook,
  type FlowBookLines,
  type FlowLevel,
  type FlowLines,
  formatLevel,
  formatOutcome,
  formatSnapshotHead,
  formatSym,
  type ParsedFlow,
} from "../protocol/index.ts";
import { recomputeFlow } from "./recompute.ts";

/** A line that is not what it should be; undefined = there should be (or is) no such line. */
export interface FlowDifference {
  /** From 1: the differing line, or for a missing one the line it should follow. */
  readonly line: number;
  readonly expected: string | undefined;
  readonly found: string | undefined;
}

export interface FlowCheck {
  readonly differences: readonly FlowDifference[];
  readonly commands: number;
  /** Lines of the file that were compared; 0 when it holds commands alone. */
  readonly compared: number;
}

/**
 * Compares what the file has with what follows from its commands: the final state, and the events where it has any. A
 * recorded flow ends with its final state: events without one are a file that was cut, and that is a difference.
 */
export function checkFlow({ flow, lines }: ParsedFlow): FlowCheck {
  const expected = recomputeFlow(flow);
  const comparison = new Comparison();
  const hasEvents = flow.steps.some(({ outcomes }) => outcomes.length > 0);
  if (hasEvents) compareSteps(comparison, flow, expected, lines);
  if (flow.snapshot !== undefined) compareSnapshots(comparison, flow, expected, lines);
  else if (hasEvents) comparison.add(lastLineOf(lines), formatSnapshotHead(expected.snapshot!), undefined);
  const { differences, compared } = comparison;
  return { differences, compared, commands: flow.steps.length };
}

/** The last line of a flow that has steps and no final state. */
function lastLineOf({ steps }: FlowLines): number {
  const { command, outcomes } = steps[steps.length - 1];
  return outcomes.at(-1) ?? command;
}

/** One line about a difference: `file:line: ...`. */
export function describeDifference(file: string, { line, expected, found }: FlowDifference): string {
  if (expected === undefined) return `${file}:${line}: expected no such line, found '${found}'`;
  if (found === undefined) return `${file}:${line}: expected '${expected}' after this line, found none`;
  return `${file}:${line}: expected '${expected}', found '${found}'`;
}

class Comparison {
  readonly differences: FlowDifference[] = [];
  compared = 0;

  add(line: number, expected: string | undefined, found: string | undefined): void {
    if (found !== undefined) this.compared++;
    if (expected !== found) this.differences.push({ line, expected, found });
  }
}

function compareSteps(comparison: Comparison, found: Flow, expected: Flow, lines: FlowLines): void {
  found.steps.forEach((step, i) => {
    const expectedLines = expected.steps[i].outcomes.map(formatOutcome);
    const foundLines = step.outcomes.map(formatOutcome);
    const { command, outcomes } = lines.steps[i];
    for (let k = 0; k < Math.max(expectedLines.length, foundLines.length); k++) {
      const line = outcomes[k] ?? outcomes.at(-1) ?? command;
      comparison.add(line, expectedLines[k], foundLines[k]);
    }
  });
}

function compareSnapshots(comparison: Comparison, found: Flow, expected: Flow, lines: FlowLines): void {
  const [was, is] = [expected.snapshot!, found.snapshot!];
  comparison.add(lines.snapshot, formatSnapshotHead(was), formatSnapshotHead(is));
  was.books.forEach((book, symbol) => {
    const bookLines = lines.books[symbol];
    comparison.add(bookLines.sym, formatSym(symbol, book), formatSym(symbol, is.books[symbol]));
    compareLevels(comparison, symbol, "bids", book, is.books[symbol], bookLines);
    compareLevels(comparison, symbol, "asks", book, is.books[symbol], bookLines);
  });
}

function compareLevels(
  comparison: Comparison,
  symbol: number,
  side: "bids" | "asks",
  expected: FlowBook,
  found: FlowBook,
  lines: FlowBookLines,
): void {
  const text = (level: FlowLevel) => formatLevel(symbol, side === "bids" ? "B" : "A", level);
  const missing = new Map(expected[side].map((level) => [level.price, text(level)]));
  found[side].forEach((level, i) => {
    comparison.add(lines[side][i], missing.get(level.price), text(level));
    missing.delete(level.price);
  });
  const last = lines[side].at(-1) ?? (side === "asks" ? lines.bids.at(-1) : undefined) ?? lines.sym;
  for (const level of missing.values()) comparison.add(last, level, undefined);
}
