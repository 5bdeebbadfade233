// The answer limit of a logged-on session with the real engine: the largest answer is kept whole by the account's stream, also
// when the account trades with itself, and reaches a reader that takes nothing for a while; one fill more is refused.

import { expect, test } from "vitest";
import { RecordBuffer } from "../../src/base/index.ts";
import { ExchangeEngine } from "../../src/engine/index.ts";
import { type Authenticator, type CommandSink, GATEWAY_LIMITS, Gateway } from "../../src/gateway/index.ts";
import { encodeGenesisEntry } from "../../src/node/index.ts";
import { COMMAND_WORDS, EVENT_WORDS, Reason, ReportKind, readReport } from "../../src/protocol/index.ts";
import { logon, logonRequest } from "./session-support.ts";
import { ManualTransport, order } from "./support.ts";

const FILLS_MAX = 65_000;
const SESSION = 0;
const [BUY, SELL] = [0, 1];
const LIMITS = { ...GATEWAY_LIMITS, accountsMax: 2, connectionsMax: 1 };
const REPORT_BYTES = 100;

class EngineSink implements CommandSink {
  readonly words = new Int32Array(COMMAND_WORDS);
  readonly engine = new ExchangeEngine();
  onEvents: (events: RecordBuffer) => void = () => {};
  readonly #events = new RecordBuffer(EVENT_WORDS, 512, (events) => this.onEvents(events));

  constructor() {
    const genesis = encodeGenesisEntry({
      genesis: {
        ...{ maxQuantity: 1_000_000, maxNotional: 2 ** 50, ordersMax: 70_000 },
        ...{ symbolsMax: 1, accountsMax: 2, indexSeed: [1, 2] },
      },
      instruments: [{ name: "A", priceDecimals: 0, tick: 1, lot: 1 }],
    });
    for (let at = 0; at < genesis.length; at += COMMAND_WORDS) this.engine.apply(genesis, at, this.#events);
  }

  arrived(): void {}
  taken(): void {}
  claim = () => 0;
  commit(): void {
    this.engine.apply(this.words, 0, this.#events);
    this.#events.drain();
  }
}

/** A session of account 1 with `resting` sell orders of one lot; everything is safe at once. */
function sessionWith(resting: number) {
  const transport = new ManualTransport();
  const sink = new EngineSink();
  const grant = { name: "ann", role: "trader", accounts: "all", limits: {} } as const;
  const authenticator: Authenticator = {
    challenge: () => new Uint8Array(32),
    verify: (_name, _statement, _proof, told) => told(grant),
  };
  const gateway = new Gateway({
    ...{
      transport,
      sink,
      limits: LIMITS,
      directory: { count: 0, instrument: () => sink.engine.instruments[0] },
    },
    logons: {
      access: { authenticator, openOrderEntry: false, reservedAccounts: new Set() },
      source: sink.engine,
    },
  });
  sink.onEvents = (events) => gateway.onApplied(events, sink.words, 0);
  const turn = () => {
    gateway.seal(sink.engine.position);
    gateway.release(sink.engine.position);
    transport.turn();
  };
  gateway.opened(SESSION, "");
  gateway.received(SESSION, logonRequest());
  gateway.received(SESSION, logon({ account: 1 }));
  for (let id = 1; id <= resting; id++) {
    gateway.received(SESSION, order(id, 100, 1, SELL));
    if (id % 250 === 0) turn();
  }
  turn();
  transport.sends.delete(SESSION);
  const stream = sink.engine.reports.of(1);
  if (stream === undefined) throw new Error("who has logged on has a stream");
  return { gateway, transport, sink, stream, turn };
}

test("the largest answer, of an account that trades with itself, reaches a reader that was slow", () => {
  const { gateway, transport, stream, turn } = sessionWith(FILLS_MAX);
  transport.holding.add(SESSION);
  const before = stream.next;
  gateway.received(SESSION, order(90_000, 100, FILLS_MAX, BUY));
  turn();
  // Both sides of each fill behind the answer itself, and nothing of it gone.
  expect([stream.next - before, stream.first <= before]).toEqual([1 + 2 * FILLS_MAX, true]);
  for (let i = 0; i < 10_000 && transport.drain(SESSION); i++) gateway.drained(SESSION);
  expect(transport.stream(SESSION).length).toBe((1 + 2 * FILLS_MAX) * REPORT_BYTES);
  expect(gateway.counters.connections).toBe(1);
});

test("one fill more is refused, and nothing is changed", () => {
  const { gateway, sink, stream, turn } = sessionWith(FILLS_MAX + 1);
  gateway.received(SESSION, order(90_000, 100, FILLS_MAX + 1, BUY));
  turn();
  const last = readReport(stream.words(stream.next - 1), stream.at(stream.next - 1));
  expect([last.kind, last.reason]).toEqual([ReportKind.Rejected, Reason.AnswerTooLarge]);
  expect(sink.engine.restingOrders).toBe(FILLS_MAX + 1);
});
