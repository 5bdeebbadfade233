// The gateway's own work, without sockets and journal: chunks of requests in, decoded, sequenced, applied, answered, sealed
// and released into a transport that takes everything. What it allocates per request is ours, not Node's.

import { connectionNumber, RecordBuffer, type Transport } from "../../src/base/index.ts";
import { ExchangeEngine } from "../../src/engine/index.ts";
import { type CommandSink, GATEWAY_LIMITS, Gateway } from "../../src/gateway/index.ts";
import { encodeGenesisEntry } from "../../src/node/index.ts";
import {
  COMMAND_BYTES,
  COMMAND_WORDS,
  EVENT_WORDS,
  encodeCancelOrder,
  encodeNewOrder,
  frameBytes,
  MessageType,
  OrderType,
  Side,
  TimeInForce,
} from "../../src/protocol/index.ts";
import { createRing, RingConsumer } from "../../src/ring/index.ts";
import { Sequencer } from "../../src/sequencer/index.ts";
import { heapBytesPer } from "../allocations.ts";
import { measure, nanosecondsPer, type Row, summarize } from "../harness.ts";

const CHUNK_REQUESTS = 34;
const REQUESTS = CHUNK_REQUESTS * 10_000;
/**
 * Whose heap is measured: so many that the machine code of the loop around them, some 85 kB that the compiler makes anew for each
 * run of it and that lie on the heap, are next to nothing for each; an object of 24 bytes per chunk is still 0.7 bytes.
 */
const HEAP_REQUESTS = 10 * REQUESTS;
const CONNECTION = connectionNumber(0, 0);
const GENESIS = {
  genesis: {
    maxQuantity: 10,
    maxNotional: 1e6,
    ordersMax: 1_024,
    symbolsMax: 1,
    accountsMax: 1,
    indexSeed: [1, 2],
  },
  instruments: [{ name: "A", priceDecimals: 0, tick: 1, lot: 1 }],
} as const;

export async function withoutSockets(rounds: number): Promise<Row[]> {
  const work = requests();
  const name = "without sockets, 34 per chunk";
  const run = () => nanosecondsPer(REQUESTS, () => work(REQUESTS));
  const rows = await measure([{ name, unit: "ns/request", better: "lower", run }], [], rounds);
  const bytes = await heapBytesPer(HEAP_REQUESTS, work);
  return [
    ...rows,
    {
      ...summarize("heap allocated per request, without sockets", "bytes", "lower", [bytes]),
      aim: { atMost: 0.5 },
    },
  ];
}

/** Takes so many requests through the gateway, a chunk at a time. */
function requests(): (count: number) => void {
  const path = new Path();
  const pair_bytes = frameBytes(MessageType.NewOrder) + frameBytes(MessageType.CancelOrder);
  const chunk = new Uint8Array((CHUNK_REQUESTS / 2) * pair_bytes);
  const view = new DataView(chunk.buffer);
  const { Buy } = Side;
  const { Limit } = OrderType;
  const { GoodTillCancel } = TimeInForce;
  let id = 0;
  return (count) => {
    for (let done = 0; done < count; done += CHUNK_REQUESTS) {
      let end = 0;
      for (let i = 0; i < CHUNK_REQUESTS; i += 2) {
        id = (id + 1) & 0xffffff;
        end = encodeNewOrder(view, end, 0, 0, id, 0, 0, 100, 0, 1, Buy, Limit, GoodTillCancel);
        end = encodeCancelOrder(view, end, 0, 0, id, 0, 0);
      }
      path.take(chunk);
    }
  };
}

/** The node's command path without its waiting: what was sequenced is safe at the end of the chunk. */
class Path implements CommandSink {
  readonly words: Int32Array;
  readonly #engine = new ExchangeEngine();
  readonly #sequencer: Sequencer;
  readonly #journal: RingConsumer;
  readonly #gateway: Gateway;
  readonly #transport = new Sink();
  readonly #events: RecordBuffer;
  #at = 0;

  constructor() {
    const ring = createRing({ recordBytes: COMMAND_BYTES, capacity: 4_096 });
    this.#sequencer = new Sequencer(ring, 2, 0);
    this.words = this.#sequencer.words;
    this.#journal = new RingConsumer(ring);
    this.#events = new RecordBuffer(EVENT_WORDS, 512, (events) => {
      this.#gateway.onApplied(events, this.words, this.#at);
    });
    const genesis = encodeGenesisEntry(GENESIS);
    for (let at = 0; at < genesis.length; at += COMMAND_WORDS) this.#engine.apply(genesis, at, this.#events);
    this.#gateway = new Gateway({
      transport: this.#transport,
      sink: this,
      directory: { count: 1, instrument: () => GENESIS.instruments[0] },
      limits: { ...GATEWAY_LIMITS, accountsMax: 1 },
    });
    this.#gateway.opened(CONNECTION, "");
  }

  arrived(): void {}

  taken(): void {}

  claim(): number {
    return this.#sequencer.claim();
  }

  commit(): void {
    this.#at = this.#sequencer.commit();
    this.#engine.apply(this.words, this.#at, this.#events);
    this.#events.drain();
  }

  take(chunk: Uint8Array): void {
    this.#gateway.received(CONNECTION, chunk);
    this.#gateway.seal(this.#sequencer.position);
    this.#sequencer.publish();
    for (let count = this.#journal.available(); count > 0; count = this.#journal.available()) {
      this.#journal.release(count);
    }
    this.#gateway.release(this.#sequencer.safePosition);
    this.#transport.turn();
  }
}

/** Takes every byte at once. */
class Sink implements Transport {
  #turned = (): void => {};

  listen(): never {
    throw new Error("nobody connects to a sink");
  }
  send(): boolean {
    return true;
  }
  unacknowledgedBytes(): number {
    return 0;
  }
  turn(): void {
    this.#turned();
  }
  nextTurn(turned: () => void): void {
    this.#turned = turned;
  }
  pause(): void {}
  resume(): void {}
  close(): void {}
  destroy(): void {}
}
