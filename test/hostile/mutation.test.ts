// Frames and messages that are nearly right, thousands of each protocol: the gateway in front of a real engine, and a WebSocket
// session in front of a scripted exchange, take each of them for what it is, and go on. The seeds are fixed; a failure names its own.

import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { Prng, RecordBuffer } from "../../src/base/index.ts";
import { type Authenticator, GATEWAY_LIMITS, Gateway } from "../../src/gateway/index.ts";
import { type SessionPeer, WebSession } from "../../src/node/web/session/session.ts";
import { COMMAND_WORDS, EVENT_WORDS, firstUnknownCommand } from "../../src/protocol/index.ts";
import { Desk } from "../engine/support.ts";
import { describeSession } from "../gateway/session-support.ts";
import { ManualTransport, RecordingSink } from "../gateway/support.ts";
import { TestExchange } from "../node/web/exchange.ts";
import { mutatedFrame, mutatedText } from "./mutation.ts";
import { LOGON_REQUEST, logonFrame, MESSAGES, OPEN_FRAMES, SESSION_FRAMES } from "./valid.ts";

/** Of each protocol, in a test run; `npm run hostile` sends a million. */
const FRAMES = 50_000;
/** A connection sends so many before the next one takes its place, if it is not closed before. */
const FRAMES_OF_CONNECTION = 40;
/** Below what a WebSocket may say in a second. */
const MESSAGES_OF_SESSION = 200;
const SEED = 20_260_501;
const ACCOUNTS_MAX = 1_024;
const SECOND_US = 1_000_000;
/** The first byte of a proof that is taken. */
const PROOF = 0x5a;

/** One key, of a trader for all accounts; its proofs begin as agreed. */
const keys: Authenticator = {
  challenge: () => new Uint8Array(32),
  verify: (name, _statement, proof, told) => {
    const isProof = name === "mallory" && proof[0] === PROOF;
    told(isProof ? { name, role: "trader", accounts: "all", limits: {} } : undefined);
  },
};

/** A gateway on a real engine: every command is applied at once, and is safe at the end of its turn. */
function venue() {
  const transport = new ManualTransport();
  const sink = new RecordingSink();
  const { engine } = new Desk({ ordersMax: 4_096, accountsMax: ACCOUNTS_MAX, symbolsMax: 2 }, ["A", "B"]);
  let command = new Int32Array(COMMAND_WORDS);
  const events = new RecordBuffer(EVENT_WORDS, 64, (drained) => gateway.onApplied(drained, command, 0));
  const directory = {
    count: engine.instruments.length,
    instrument: (symbol: number) => engine.instruments[symbol],
  };
  const access = { authenticator: keys, openOrderEntry: true, reservedAccounts: new Set<number>() };
  const gateway: Gateway = new Gateway({
    ...{ transport, sink, directory, limits: { ...GATEWAY_LIMITS, accountsMax: ACCOUNTS_MAX } },
    logons: { access, source: engine },
  });
  let unknown = 0;
  sink.onCommit = (words) => {
    if (firstUnknownCommand(words, 0, 1) >= 0) unknown++;
    command = words as Int32Array<ArrayBuffer>;
    engine.apply(words, 0, events);
    events.drain();
    sink.commands.length = 0;
  };
  const turn = (): void => {
    transport.turn();
    gateway.seal(engine.position);
    gateway.release(engine.position);
  };
  return { transport, sink, engine, gateway, turn, unknown: () => unknown };
}

type Venue = ReturnType<typeof venue>;

/** Bytes in pieces that may end anywhere, and turns of the node in between. */
function send({ gateway, turn }: Venue, prng: Prng, connection: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    const to = prng.chance(0.7) ? bytes.length : prng.between(at + 1, bytes.length);
    gateway.received(connection, bytes.subarray(at, to));
    if (prng.chance(0.3)) turn();
    at = to;
  }
}

/** Sends so many mutated frames, from one connection after another; what each was sent must be whole frames. */
function attack(prng: Prng, begin: readonly Uint8Array[], valid: readonly Uint8Array[]) {
  const at = venue();
  const { gateway, transport } = at;
  let [connections, cut] = [0, 0];
  for (let sent = 0; sent < FRAMES; connections++) {
    const slot = connections % 4;
    // Long enough that attempts to log on are never too many.
    gateway.tick(connections * SECOND_US);
    gateway.opened(slot, "");
    for (const frame of begin) send(at, prng, slot, frame);
    at.turn();
    for (let n = 0; n === 0 || (n < FRAMES_OF_CONNECTION && !transport.closed.has(slot)); n++, sent++)
      send(at, prng, slot, mutatedFrame(prng, valid));
    at.turn();
    if (describeSession(transport.stream(slot)).includes("cut")) cut++;
    gateway.closed(slot, prng.pick([0, 1]));
    transport.closed.delete(slot);
    transport.destroyed.delete(slot);
    transport.sends.delete(slot);
  }
  const { commands, refused, closes } = gateway.counters;
  return { at, connections, cut, commands, refused, closes };
}

describe.each([
  ["open mode", [], OPEN_FRAMES],
  [
    "a logon",
    [LOGON_REQUEST],
    [LOGON_REQUEST, logonFrame({}, PROOF), logonFrame({ flags: 7, next: 3 }, PROOF)],
  ],
  ["a session that has logged on", [LOGON_REQUEST, logonFrame({}, PROOF)], SESSION_FRAMES],
] as const)("%s", (_, begin, valid) => {
  test(`${FRAMES} mutated frames: only commands of this version are in the log, and only whole frames go out`, () => {
    const { at, connections, cut, commands, closes } = attack(new Prng(SEED), begin, valid);
    console.info(`${connections} connections, ${commands} commands, ${closes.Malformed} closed as malformed`);
    expect({ seed: SEED, unknown: at.unknown(), cut }).toEqual({ seed: SEED, unknown: 0, cut: 0 });
    expect(closes.Malformed).toBeGreaterThan(100);
    expect(at.gateway.counters.connections).toBe(0);
    // Something of it was right all the same.
    expect(at.engine.position).toBeGreaterThan(100);
  });
});

/** A WebSocket's other end: counts what it is told, by type. */
class Listener implements SessionPeer {
  readonly told: Map<string, number>;
  isClosed = false;

  constructor(told: Map<string, number>) {
    this.told = told;
  }

  send(text: string): boolean {
    const { type } = JSON.parse(text) as { type: string };
    this.told.set(type, (this.told.get(type) ?? 0) + 1);
    return true;
  }

  hold(): void {}

  admitsLogon(): boolean {
    return true;
  }

  close(): void {
    this.isClosed = true;
  }
}

describe.each([
  ["open mode", { type: "hello", schema: 1, account: "alice" }],
  ["a token", { type: "hello", schema: 1, token: "alice's" }],
])("JSON with %s", (_, hello) => {
  test(`${FRAMES} mutated messages: each is carried out or answered with what is wrong, and the session goes on`, async () => {
    const prng = new Prng(SEED);
    const exchange = new TestExchange();
    const told = new Map<string, number>();
    let sessions = 0;
    for (let sent = 0; sent < FRAMES; sessions++) {
      // Another second: so many messages may be said again.
      exchange.now_us += 2 * SECOND_US;
      const peer = new Listener(told);
      const session = new WebSession(peer, exchange.web);
      session.take(JSON.stringify(hello));
      await nextTurn();
      for (let n = 0; n < MESSAGES_OF_SESSION && !peer.isClosed; n++, sent++)
        session.take(mutatedText(prng, MESSAGES));
      await nextTurn();
      session.end();
    }
    console.info(`${sessions} sessions were told: ${JSON.stringify(Object.fromEntries(told))}`);
    expect(told.get("welcome")).toBe(sessions);
    expect(told.get("error")).toBeGreaterThan(FRAMES / 10);
    expect(sessions).toBeLessThan(FRAMES / 10);
  });
});
