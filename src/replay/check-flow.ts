// A recorded flow against the engine: what the file says, line by line, beside what its commands compute to. The events
// of a command and the levels of a book are aligned before they are compared, so that one wrong line, be it changed,
// missing or too many, is one difference and never makes the lines after it look wrong.

import {
  type Flow,
  type FlowBook,
  type FlowLines,
  formatLevel,
  formatOutcome,
  formatSnapshotHead,
  formatSym,
  type ParsedFlow,
} from "../protocol/index.ts";
import { alignLines } from "./align-lines.ts";
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

/** One line about a difference: `file:line: ...`. It names who says what: to a reader the file is what was expected. */
export function describeDifference(file: string, { line, expected, found }: FlowDifference): string {
  const place = `${file}:${line}`;
  if (expected === undefined) return `${place}: the engine has no such line, the file says '${found}'`;
  if (found === undefined)
    return `${place}: the engine says '${expected}' after this line, the file has none`;
  return `${place}: the engine says '${expected}', the file says '${found}'`;
}

class Comparison {
  readonly differences: FlowDifference[] = [];
  compared = 0;

  add(line: number, expected: string | undefined, found: string | undefined): void {
    if (found !== undefined) this.compared++;
    if (expected !== found) this.differences.push({ line, expected, found });
  }

  /** Compares what stands behind line `head`; `lines` are the places of `found`. */
  addAll(
    head: number,
    expected: readonly string[],
    found: readonly string[],
    lines: readonly number[],
  ): void {
    let line = head;
    for (const [e, f] of alignLines(expected, found)) {
      if (f !== undefined) line = lines[f];
      this.add(line, e === undefined ? undefined : expected[e], f === undefined ? undefined : found[f]);
    }
  }
}

function compareSteps(comparison: Comparison, found: Flow, expected: Flow, lines: FlowLines): void {
  found.steps.forEach((step, i) => {
    const { command, outcomes } = lines.steps[i];
    const expectedLines = expected.steps[i].outcomes.map(formatOutcome);
    comparison.addAll(command, expectedLines, step.outcomes.map(formatOutcome), outcomes);
  });
}

function compareSnapshots(comparison: Comparison, found: Flow, expected: Flow, lines: FlowLines): void {
  const [was, is] = [expected.snapshot!, found.snapshot!];
  comparison.add(lines.snapshot, formatSnapshotHead(was), formatSnapshotHead(is));
  was.books.forEach((book, symbol) => {
    const { sym, bids, asks } = lines.books[symbol];
    comparison.add(sym, formatSym(symbol, book), formatSym(symbol, is.books[symbol]));
    const foundLevels = formatLevels(symbol, is.books[symbol]);
    comparison.addAll(sym, formatLevels(symbol, book), foundLevels, [...bids, ...asks]);
  });
}

function formatLevels(symbol: number, { bids, asks }: FlowBook): string[] {
  const bidLines = bids.map((level) => formatLevel(symbol, "B", level));
  return [...bidLines, ...asks.map((level) => formatLevel(symbol, "A", level))];
}
