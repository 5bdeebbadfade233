// Flow text to plain objects, strictly: what is not exactly the format is refused with its line. The order of
// sections is version, meta, commands with their outcomes, snapshot. Specification: flow.md.

import { SeriatimError } from "../../base/index.ts";
import { LineReader } from "./line-reader.ts";
import { readCommand, readMeta, readOutcome } from "./parse-command.ts";
import { SnapshotParser } from "./parse-snapshot.ts";
import {
  type FlowCommand,
  type FlowMeta,
  type FlowOutcome,
  type FlowVersion,
  isFlowRequest,
  type ParsedFlow,
} from "./types.ts";

/** The largest flow file: about two million lines, whose objects still fit a default heap. */
export const FLOW_FILE_BYTES_MAX = 64 * 1024 * 1024;

/** The most symbols of one flow: a name is looked for among all of them whenever one is registered. */
export const FLOW_SYMBOLS_MAX = 16_384;

/** Of what traders don't ask for: what may cancel orders, or be refused. */
const WITH_EVENTS: readonly string[] = ["kill_switch", "session_open", "session_end"];
/** Words that may start a line and the section each belongs to; a flow's sections only go forward. */
const SECTION = { version: 0, meta: 1, cmd: 2, evt: 2, reject: 2, snapshot: 3, sym: 3, level: 3 } as const;
type Word = keyof typeof SECTION;

interface OpenStep {
  readonly command: FlowCommand;
  readonly outcomes: FlowOutcome[];
  readonly line: number;
  readonly outcomeLines: number[];
}

/**
 * Parses a whole flow. `file` is what errors call it.
 * Throws SeriatimError `FLOW_MALFORMED` with `file:line: what`, or `FLOW_TOO_LARGE`.
 */
export function parseFlow(text: string, file = "flow"): ParsedFlow {
  if (text.length > FLOW_FILE_BYTES_MAX)
    throw new SeriatimError("FLOW_TOO_LARGE", `${file}: a flow is at most ${FLOW_FILE_BYTES_MAX} bytes`);
  const parser = new FlowParser(file);
  let line = 0;
  for (let from = 0; from < text.length; ) {
    const newline = text.indexOf("\n", from);
    const to = newline === -1 ? text.length : newline;
    parser.take(new LineReader(file, ++line, text.slice(from, to)));
    from = to + 1;
  }
  return parser.finish(line);
}

class FlowParser {
  readonly #file: string;
  #version: FlowVersion | undefined;
  #meta: FlowMeta | undefined;
  readonly #steps: OpenStep[] = [];
  readonly #names = new Set<string>();
  #snapshot: SnapshotParser | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  take(reader: LineReader): void {
    if (reader.isSkipped) return;
    const word = reader.token("a line's first word") as Word;
    if (!Object.hasOwn(SECTION, word)) reader.fail(`unknown line '${word}'`);
    this.#checkSection(reader, word);
    this.#dispatch(reader, word);
    reader.end();
  }

  finish(lines: number): ParsedFlow {
    if (this.#version === undefined || this.#meta === undefined) {
      const missing = this.#version === undefined ? "version" : "meta";
      throw new SeriatimError(
        "FLOW_MALFORMED",
        `${this.#file}:${Math.max(lines, 1)}: the ${missing} line is missing`,
      );
    }
    const snapshot = this.#snapshot?.finish();
    return {
      flow: {
        version: this.#version,
        meta: this.#meta,
        steps: this.#steps.map(({ command, outcomes }) => ({ command, outcomes })),
        ...(snapshot && { snapshot: snapshot.snapshot }),
      },
      lines: {
        steps: this.#steps.map(({ line, outcomeLines }) => ({ command: line, outcomes: outcomeLines })),
        snapshot: snapshot?.line ?? 0,
        books: snapshot?.books ?? [],
      },
    };
  }

  /** The section reached so far. */
  get #section(): number {
    if (this.#snapshot !== undefined) return SECTION.snapshot;
    if (this.#meta !== undefined) return SECTION.cmd;
    return this.#version === undefined ? SECTION.version : SECTION.meta;
  }

  #checkSection(reader: LineReader, word: Word): void {
    const section = SECTION[word];
    const reached = this.#section;
    if (reached < SECTION.cmd && section !== reached)
      reader.fail(`expected the ${reached === SECTION.version ? "version" : "meta"} line, found '${word}'`);
    if (reached >= SECTION.cmd && section < reached) reader.fail(`a '${word}' line can't come here`);
    if (section === SECTION.snapshot && (word === "snapshot") === (this.#snapshot !== undefined))
      reader.fail(
        word === "snapshot" ? "a second snapshot line" : `'${word}' comes before the snapshot line`,
      );
  }

  #dispatch(reader: LineReader, word: Word): void {
    switch (word) {
      case "version":
        this.#version = reader.oneOf<FlowVersion>("a version this program reads", { "1": 1, "2": 2, "3": 3 });
        break;
      case "meta":
        this.#meta = readMeta(reader, this.#version!);
        break;
      case "cmd":
        this.#takeCommand(reader);
        break;
      case "evt":
      case "reject":
        this.#takeOutcome(reader, word);
        break;
      case "snapshot":
        this.#snapshot = new SnapshotParser(reader, this.#names.size);
        break;
      case "sym":
        this.#snapshot!.takeSym(reader);
        break;
      case "level":
        this.#snapshot!.takeLevel(reader);
    }
  }

  #takeCommand(reader: LineReader): void {
    const command = readCommand(reader, this.#version!, this.#meta?.accountsMax ?? 1);
    if (command.kind === "reg") this.#names.add(command.name);
    if (this.#names.size > FLOW_SYMBOLS_MAX) reader.fail(`a flow has at most ${FLOW_SYMBOLS_MAX} symbols`);
    this.#steps.push({ command, outcomes: [], line: reader.line, outcomeLines: [] });
  }

  #takeOutcome(reader: LineReader, word: "evt" | "reject"): void {
    const step = this.#steps.at(-1);
    if (step === undefined) reader.fail(`'${word}' comes before any command`);
    const { kind } = step.command;
    if (!isFlowRequest(step.command) && !WITH_EVENTS.includes(kind))
      reader.fail(`'${word}' follows 'cmd ${kind}', which has no events`);
    const rejected = step.outcomes.at(-1)?.kind === "reject";
    if (rejected) reader.fail(`'${word}' follows a reject of the same command`);
    if (word === "reject" && step.outcomes.length > 0)
      reader.fail("'reject' follows events of the same command");
    step.outcomes.push(readOutcome(reader, word));
    step.outcomeLines.push(reader.line);
  }
}
