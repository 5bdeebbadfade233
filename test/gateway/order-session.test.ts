import { beforeEach, describe, expect, test } from "vitest";
import { Prng } from "../../src/base/index.ts";
import {
  CloseReason,
  GatewayCounters,
  OrderSession,
  type SessionHost,
  SessionInput,
  SessionState,
} from "../../src/gateway/index.ts";
import {
  CommandKind,
  CommandWord,
  encodeAck,
  encodeFill,
  MessageType,
  Reason,
} from "../../src/protocol/index.ts";
import {
  cancel,
  concat,
  frame,
  heartbeat,
  hello,
  instruments,
  modify,
  order,
  RecordingSink,
} from "./support.ts";

const ACCOUNTS_MAX = 8;

/** Notes what the session asks of its connection. */
class NotingHost implements SessionHost {
  refusal: Reason = Reason.None;
  room = true;
  readonly said: string[] = [];

  /** Over the rate from now on. */
  isThrottled = false;

  hasRoom(): boolean {
    return this.room;
  }
  admits(): boolean {
    return !this.isThrottled;
  }
  /** What is told as taken without asking, once there are tokens for it. */
  tokens = 0;
  readonly spent: (readonly [orders: number, cancels: number])[] = [];
  haveTokens(requests: number): boolean {
    return requests <= this.tokens;
  }
  spend(orders: number, cancels: number): void {
    this.spent.push([orders, cancels]);
  }
  answerLimit_fills(): number {
    return 33;
  }
  heartbeat(tokenLow: number): void {
    this.said.push(`heartbeat ${tokenLow}`);
  }
  refuse(idLow: number, _idHigh: number, reason: Reason): void {
    this.said.push(`refuse ${idLow} ${reason}`);
  }
  listInstruments(): void {
    this.said.push("instruments");
  }
  hello(account: number): boolean {
    if (account < ACCOUNTS_MAX) this.said.push(`hello ${account}`);
    return account < ACCOUNTS_MAX;
  }
}

function newSession(chunk_bytes = 65_536) {
  const sink = new RecordingSink();
  const host = new NotingHost();
  const counters = new GatewayCounters();
  const input = new SessionInput(chunk_bytes);
  const session = new OrderSession({ low: 5, high: 9 }, sink, host, input, counters);
  return { sink, host, counters, session };
}

let at: ReturnType<typeof newSession>;
beforeEach(() => {
  at = newSession();
});

test("an order becomes a command that carries account, session, request and answer limit", () => {
  at.session.received(concat(hello(3), order(7, 100, 10, 1)));
  const [command] = at.sink.commands;
  expect(command[CommandWord.kindSideTypeTif]).toBe(CommandKind.NewOrder | (1 << 8));
  expect(command[CommandWord.account]).toBe(3);
  expect([command[CommandWord.sessionLow], command[CommandWord.sessionHigh]]).toEqual([5, 9]);
  expect(command[CommandWord.requestLow]).toBe(7);
  expect(command[CommandWord.answerLimit_fills]).toBe(33);
  expect(at.counters).toMatchObject({ frames: 2, commands: 1, received_bytes: 63 });
});

test("every command of a connection says what its Hello said of its numbers", () => {
  const flagsOf = (...frames: Uint8Array[]) => {
    const { session, sink } = newSession();
    session.received(concat(...frames));
    return sink.commands.map((command) => command[CommandWord.flags]);
  };
  expect(flagsOf(hello(3, 1), order(7), cancel(8), modify(9))).toEqual([1, 1, 1]);
  expect(flagsOf(hello(3), order(7), cancel(8), modify(9))).toEqual([0, 0, 0]);
  expect(flagsOf(hello(3, 1), hello(3), order(7))).toEqual([0]);
});

test("a Hello of the account alone, as it was before it had flags, is one without flags", () => {
  at.session.received(
    concat(Uint8Array.from(Buffer.from("00100002000000040000000000000000" + "00000007", "hex")), order(1)),
  );
  expect(at.session.state).toBe(SessionState.Open);
  expect(at.host.said).toEqual(["hello 7"]);
  expect(at.sink.commands.map((c) => [c[CommandWord.account], c[CommandWord.flags]])).toEqual([[7, 0]]);
});

test("all messages of both versions may be mixed, and take effect in order", () => {
  at.session.received(concat(order(1), heartbeat(4), cancel(2), modify(3), instruments(), hello(0)));
  expect(at.sink.requests).toEqual([1, 2, 3]);
  expect(at.host.said).toEqual(["heartbeat 4", "instruments", "hello 0"]);
  expect(at.session.state).toBe(SessionState.Open);
});

describe("a rate", () => {
  test("is asked for once for what a piece may bring, and told of what it brought", () => {
    at.host.isThrottled = true;
    at.host.tokens = 512;
    at.session.beginTurn(512, 65_536);
    at.session.received(concat(order(1), cancel(2), modify(3), order(4)));
    at.host.tokens = 508;
    at.session.received(concat(cancel(5), cancel(6)));
    at.host.tokens = 0;
    at.session.received(concat(order(7)));
    expect(at.sink.requests).toEqual([1, 2, 3, 4, 5, 6]);
    expect(at.host.spent).toEqual([
      [3, 1],
      [0, 2],
    ]);
    expect(at.host.said).toEqual([`refuse 7 ${Reason.Throttled}`]);
  });

  test("of another account, which a piece says in its middle, is asked for one by one", () => {
    const { session, host } = newSession();
    host.tokens = 512;
    session.beginTurn(512, 65_536);
    host.admits = (type?: MessageType) => type === MessageType.Hello;
    session.received(concat(hello(3), order(1)));
    expect(host.spent).toEqual([[0, 0]]);
    expect(host.said).toEqual(["hello 3", `refuse 1 ${Reason.Throttled}`]);
  });

  test("is told of what was taken before the session ends, not after it", () => {
    at.host.tokens = 512;
    at.session.beginTurn(512, 65_536);
    at.session.received(concat(order(1), cancel(2)));
    at.session.received(concat(order(3), Uint8Array.of(0, 0, 0, 0)));
    expect(at.host.spent).toEqual([
      [1, 1],
      [1, 0],
    ]);
  });
});

describe("partial frames", () => {
  const recorded = concat(
    ...[hello(2, 1), hello(2), order(1), heartbeat(9), modify(2), cancel(3), instruments(), order(4)],
  );

  function outcome(pieces: readonly Uint8Array[], chunk_bytes?: number) {
    const { session, sink, host } = newSession(chunk_bytes);
    for (const piece of pieces) session.received(piece);
    return { commands: sink.commands, said: host.said, state: session.state };
  }
  const whole = outcome([recorded]);

  test("two pieces, split at every byte, give the same commands", () => {
    expect(whole.commands).toHaveLength(4);
    for (let split = 0; split <= recorded.length; split++) {
      expect(outcome([recorded.subarray(0, split), recorded.subarray(split)]), `split at ${split}`).toEqual(
        whole,
      );
    }
  });

  test("every piece length from one byte up gives the same commands", () => {
    for (let size = 1; size <= recorded.length; size++) {
      const pieces: Uint8Array[] = [];
      for (let from = 0; from < recorded.length; from += size)
        pieces.push(recorded.subarray(from, from + size));
      expect(outcome(pieces), `pieces of ${size}`).toEqual(whole);
    }
  });

  test("a chunk longer than the input memory gives the same commands", () => {
    for (let memory = 1; memory < recorded.length; memory++) {
      expect(outcome([recorded], memory), `memory of ${memory}`).toEqual(whole);
    }
  });
});

describe("a frame that is no request ends the session and has no effect, nor has what is behind it", () => {
  const badEnum = order(2).slice();
  badEnum[40] = 2;
  const cases: readonly [says: string, bytes: Uint8Array][] = [
    ["version 3", Uint8Array.from([0, 1, 0, 3, 0, 0, 0, 27, 0, 0, 0, 0, 0, 0, 0, 0])],
    ["unknown type", Uint8Array.from([0, 99, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
    ["body over 4096", Uint8Array.from([0, 1, 0, 1, 0, 0, 16, 1, 0, 0, 0, 0, 0, 0, 0, 0])],
    [
      "wrong body length, body not there yet",
      Uint8Array.from([0, 1, 0, 1, 0, 0, 0, 28, 0, 0, 0, 0, 0, 0, 0, 0]),
    ],
    ["bad enum", badEnum],
    ["an Ack, which only servers send", frame((v, a) => encodeAck(v, a, 1, 0, 1, 0))],
    [
      "the header of a Fill",
      frame((v, a) => encodeFill(v, a, MessageType.Fill, 1, 0, 2, 0, 3, 0, 4, 5, 0)).slice(0, 16),
    ],
    ["a RestingFill", frame((v, a) => encodeFill(v, a, MessageType.RestingFill, 1, 0, 2, 0, 3, 0, 4, 5, 0))],
  ];
  test.each(cases)("%s", (_says, bytes) => {
    at.session.received(concat(order(1), bytes, order(3)));
    at.session.received(order(4));
    expect(at.sink.requests).toEqual([1]);
    expect(at.session.state).toBe(SessionState.Ended);
    expect(at.session.closeReason).toBe(CloseReason.Malformed);
  });
});

describe("Hello", () => {
  const cases: readonly [says: string, frames: Uint8Array[], state: SessionState, reason?: CloseReason][] = [
    ["changes the account before any order", [hello(1), hello(2), order(1)], SessionState.Open],
    ["may be repeated after orders", [hello(1), order(1), hello(1)], SessionState.Open],
    ["of account 0 may follow an order without Hello", [order(1), hello(0)], SessionState.Open],
    [
      "with another account after an order ends",
      [hello(1), order(1), hello(2)],
      SessionState.Ended,
      CloseReason.Malformed,
    ],
    ["after an order of account 0 ends", [order(1), hello(1)], SessionState.Ended, CloseReason.Malformed],
    ["with other flags after an order ends", [hello(1), order(1), hello(1, 1)], SessionState.Ended],
    ["that repeats its flags goes on", [hello(1, 1), order(1), hello(1, 1)], SessionState.Open],
    ["with a flag that there is not ends", [hello(1, 2)], SessionState.Ended, CloseReason.Malformed],
    ["with an account that does not exist ends", [hello(8)], SessionState.Ended, CloseReason.UnknownAccount],
  ];
  test.each(cases)("%s", (_says, frames, state, reason) => {
    at.session.received(concat(...frames));
    expect(at.session.state).toBe(state);
    if (reason !== undefined) expect(at.session.closeReason).toBe(reason);
  });
});

describe("stopping in mid-chunk", () => {
  test("a full ring stops the session; it resumes with exactly the rest", () => {
    at.sink.room = 2;
    at.session.received(
      concat(order(1), order(2), order(3), heartbeat(1), order(4), order(5).subarray(0, 20)),
    );
    expect(at.session.state).toBe(SessionState.SinkFull);
    expect(at.sink.requests).toEqual([1, 2]);
    expect(at.host.said).toEqual([]);
    at.sink.room = 1;
    at.session.resume();
    expect(at.session.state).toBe(SessionState.SinkFull);
    expect(at.host.said).toEqual(["heartbeat 1"]);
    at.sink.room = 10;
    at.session.resume();
    at.session.received(order(5).subarray(20));
    expect(at.sink.requests).toEqual([1, 2, 3, 4, 5]);
    expect(at.session.state).toBe(SessionState.Open);
  });

  test("no room for answers stops the session, also before requests that no engine answers", () => {
    at.host.room = false;
    at.session.received(concat(heartbeat(1), order(1)));
    expect(at.session.state).toBe(SessionState.OutputFull);
    expect(at.host.said).toEqual([]);
    at.host.room = true;
    at.session.resume();
    expect(at.host.said).toEqual(["heartbeat 1"]);
    expect(at.sink.requests).toEqual([1]);
  });

  test("the connection given up inside a commit stops it at once", () => {
    at.sink.onCommit = () => at.session.end(CloseReason.OutputFull);
    at.session.received(concat(order(1), order(2)));
    at.session.resume();
    at.session.received(order(3));
    expect(at.sink.requests).toEqual([1]);
    expect(at.session.closeReason).toBe(CloseReason.OutputFull);
  });

  test("any split and any ring capacities give the same commands", () => {
    const seed = 7;
    const random = new Prng(seed);
    const stream = concat(...Array.from({ length: 60 }, (_, i) => (i % 7 === 3 ? heartbeat(i) : order(i))));
    const requests = Array.from({ length: 60 }, (_, i) => i).filter((i) => i % 7 !== 3);
    for (let round = 0; round < 300; round++) {
      const { session, sink } = newSession(random.between(1, 200));
      for (let from = 0; from < stream.length; ) {
        const to = Math.min(stream.length, from + random.between(1, 500));
        sink.room = random.between(0, 5);
        session.received(stream.subarray(from, to));
        while (session.state === SessionState.SinkFull) {
          sink.room = random.between(0, 5);
          session.resume();
        }
        from = to;
      }
      expect(sink.requests, `seed ${seed}, round ${round}`).toEqual(requests);
    }
  });
});

test("while orders are refused, each is answered with the reason and none is sequenced", () => {
  at.host.refusal = Reason.Halted;
  at.session.received(concat(order(1), heartbeat(2), cancel(3), modify(4)));
  expect(at.sink.requests).toEqual([]);
  expect(at.host.said).toEqual(["refuse 1 14", "heartbeat 2", "refuse 3 14", "refuse 4 14"]);
  expect(at.counters).toMatchObject({ refused: 3, commands: 0 });
});

test("any damage to a stream is answered by the end of the session: nothing throws, what stood before holds", () => {
  const seed = 11;
  const random = new Prng(seed);
  const frames = Array.from({ length: 12 }, (_, i) => (i % 4 === 3 ? heartbeat(i) : order(i)));
  let ended = 0;
  for (let round = 0; round < 2_000; round++) {
    const { session, sink } = newSession();
    const damaged = random.between(0, frames.length - 1);
    const copies = frames.map((bytes) => bytes.slice());
    for (let i = random.between(1, 4); i > 0; i--) {
      copies[damaged][random.between(0, copies[damaged].length - 1)] = random.u32();
    }
    const stream = concat(...copies);
    const split = random.between(0, stream.length);
    session.received(stream.subarray(0, split));
    session.received(stream.subarray(split));
    const before = Array.from({ length: damaged }, (_, i) => i).filter((i) => i % 4 !== 3);
    expect(sink.requests.slice(0, before.length), `seed ${seed}, round ${round}`).toEqual(before);
    if (session.state === SessionState.Ended) ended++;
  }
  expect(ended).toBeGreaterThan(200);
  expect(ended).toBeLessThan(1_800);
});
