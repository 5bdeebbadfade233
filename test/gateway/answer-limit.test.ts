// The answer limit with the real engine behind the gateway: what the gateway promises to hold, the engine may answer, and
// one fill more is refused by the engine before anything is changed.

import { expect, test } from "vitest";
import { RecordBuffer } from "../../src/base/index.ts";
import { ExchangeEngine } from "../../src/engine/index.ts";
import { type CommandSink, GATEWAY_LIMITS, Gateway } from "../../src/gateway/index.ts";
import { OUTPUT_RESERVE_bytes } from "../../src/gateway/limits.ts";
import { encodeGenesisEntry } from "../../src/node/exchange-records.ts";
import { COMMAND_WORDS, EVENT_WORDS, Reason } from "../../src/protocol/index.ts";
import { concat, describeStream, heartbeat, hello, ManualTransport, order } from "./support.ts";

const [MAKER, TAKER] = [0, 1];
const [BUY, SELL] = [0, 1];
const [ACK_bytes, FILL_bytes, HEARTBEAT_ACK_bytes] = [32, 52, 24];
// Half of what a node has, so that a sweep is thousands of fills and not a hundred thousand.
const LIMITS = {
  ...GATEWAY_LIMITS,
  connectionsMax: 2,
  outputMax_bytes: 1_000_000,
  outputSoft_bytes: 200_000,
  // Turns are not what this is about.
  turn_frames: 1_000_000,
  turn_bytes: 10_000_000,
  turnAll_frames: 1_000_000,
};
const ROOM_bytes = LIMITS.outputMax_bytes - LIMITS.outputSoft_bytes - OUTPUT_RESERVE_bytes - ACK_bytes;

class EngineSink implements CommandSink {
  readonly words = new Int32Array(COMMAND_WORDS);
  readonly engine = new ExchangeEngine();
  gateway: Gateway | undefined;
  readonly #events = new RecordBuffer(EVENT_WORDS, 512, (events) => {
    this.gateway?.onApplied(events, this.words, 0);
  });

  constructor() {
    const genesis = encodeGenesisEntry({
      genesis: {
        maxQuantity: 1_000_000,
        maxNotional: 2 ** 50,
        ordersMax: 20_000,
        symbolsMax: 1,
        accountsMax: 2,
        indexSeed: [1, 2],
      },
      instruments: [{ name: "A", priceDecimals: 0, tick: 1, lot: 1 }],
    });
    for (let at = 0; at < genesis.length; at += COMMAND_WORDS) this.engine.apply(genesis, at, this.#events);
  }

  arrived(): void {}

  taken(): void {}

  claim(): number {
    return 0;
  }

  commit(): void {
    this.engine.apply(this.words, 0, this.#events);
    this.#events.drain();
  }

  get state(): Buffer {
    const pieces: Uint8Array[] = [];
    this.engine.snapshot((piece) => pieces.push(piece.slice()));
    return Buffer.concat(pieces);
  }
}

/** `resting` sell orders of one lot at one price, and a taker that reads nothing and is owed all it may be. */
function venueWith(resting: number, isGreeted: boolean) {
  const transport = new ManualTransport();
  const sink = new EngineSink();
  const directory = { count: 0, instrument: () => ({ name: "", priceDecimals: 0, tick: 1, lot: 1 }) };
  const gateway = new Gateway({ transport, sink, directory, limits: LIMITS });
  sink.gateway = gateway;
  let position = 0;
  const settle = () => {
    gateway.seal(++position);
    gateway.release(position);
  };
  gateway.opened(MAKER, "");
  gateway.opened(TAKER, "");
  for (let id = 1; id <= resting; id++) {
    gateway.received(MAKER, order(id, 100, 1, SELL));
    if (id % 1_000 === 0) settle();
  }
  settle();
  if (isGreeted) gateway.received(TAKER, hello(0));
  transport.holding.add(TAKER);
  const owed = Math.floor(LIMITS.outputSoft_bytes / HEARTBEAT_ACK_bytes);
  gateway.received(TAKER, concat(...Array.from({ length: owed }, () => heartbeat(7))));
  /** All that the taker was sent, heartbeats aside. */
  const answers = () => {
    settle();
    transport.holding.clear();
    while (transport.drain(TAKER)) gateway.drained(TAKER);
    return describeStream(transport.stream(TAKER)).filter((word) => !/^(HeartbeatAck|HelloAck)/.test(word));
  };
  return { gateway, sink, answers };
}

test.each([
  ["its own side of each fill", false, Math.floor(ROOM_bytes / FILL_bytes)],
  ["both sides of each fill", true, Math.floor(ROOM_bytes / (2 * FILL_bytes))],
])("a sweep whose answer just fits is executed, for a peer that is sent %s", (_what, isGreeted, most) => {
  const { gateway, sink, answers } = venueWith(most + 1, isGreeted);
  gateway.received(TAKER, order(90_000, 100, most, BUY));
  const seen = answers();
  expect(seen[0]).toBe("Ack 90000");
  expect(seen.filter((word) => word.startsWith("Fill"))).toHaveLength(most);
  expect(seen.filter((word) => word.startsWith("RestingFill"))).toHaveLength(isGreeted ? most : 0);
  expect(sink.engine.restingOrders).toBe(1);
  expect([gateway.counters.connections, gateway.counters.closes.OutputFull]).toEqual([2, 0]);
});

test("one fill more is refused, nothing is changed, and the connection goes on", () => {
  const most = Math.floor(ROOM_bytes / FILL_bytes);
  const { gateway, sink, answers } = venueWith(most + 1, false);
  const before = sink.state;
  gateway.received(TAKER, order(90_000, 100, most + 1, BUY));
  expect(sink.state.equals(before)).toBe(true);
  expect(answers()).toEqual([`Reject 90000 ${Reason.AnswerTooLarge}`]);
  gateway.received(TAKER, order(90_001, 100, 1, BUY));
  expect(answers()).toEqual([`Reject 90000 ${Reason.AnswerTooLarge}`, "Ack 90001", "Fill 90001/1"]);
  expect(gateway.counters.closes.OutputFull).toBe(0);
});
