// The node's side of a feed in the hands of a test: an engine that applies a recorded flow, releases when it is told, and
// keeps what its events were.

import { MIXED, recordFlow } from "../../../bench/engine/flows.ts";
import { RecordBuffer, stateHash } from "../../../src/base/index.ts";
import { ExchangeEngine } from "../../../src/engine/index.ts";
import { CommandFeed, type Handover } from "../../../src/node/web/copy/command-feed.ts";
import { NativeChecksums } from "../../../src/platform/index.ts";
import { COMMAND_WORDS, EVENT_WORDS } from "../../../src/protocol/index.ts";

/** The flow's book before its commands. */
const FLOW_DEPTH = 500;
const EVENTS_HELD = 64;

export function hashOf(engine: ExchangeEngine): string {
  return Buffer.from(stateHash(engine, new NativeChecksums())).toString("hex");
}

export class Primary {
  readonly engine = new ExchangeEngine();
  readonly handovers: Handover[] = [];
  readonly feed: CommandFeed;
  position = 0;
  overruns = 0;
  readonly #flow: Int32Array;
  readonly #events = new RecordBuffer(EVENT_WORDS, EVENTS_HELD, () => {});

  constructor(commands: number, ringRecords: number, handOver?: (handover: Handover) => void) {
    this.#flow = recordFlow({ ...MIXED, depth: FLOW_DEPTH }, commands, 7).words;
    this.feed = new CommandFeed({
      application: this.engine,
      position: () => this.position,
      handOver: (handover) => {
        this.handovers.push(handover);
        handOver?.(handover);
      },
      onOverrun: () => this.overruns++,
      ringRecords,
      resyncInterval_ms: 1,
    });
    this.apply(1 + MIXED.symbols);
    this.feed.begin(this.position);
  }

  /** Commands of the flow that have not been applied. */
  get left(): number {
    return this.#flow.length / COMMAND_WORDS - this.position;
  }

  /** Applies the flow's next `count` commands; none of them is released. */
  apply(count: number): void {
    for (let i = 0; i < count; i++) {
      const at = this.position * COMMAND_WORDS;
      this.engine.apply(this.#flow, at, this.#events);
      this.#events.drain();
      this.position++;
      this.feed.committed(this.#flow, at);
    }
  }

  release(position = this.position): void {
    this.feed.released(position);
  }
}
