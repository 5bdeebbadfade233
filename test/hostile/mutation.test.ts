// Frames and messages that are nearly right, thousands of each protocol: the gateway in front of a real engine, and a WebSocket
// session in front of a scripted exchange, take each of them for what it is, and go on. The seeds are fixed; a failure names its own.

import { describe, expect, test } from "vitest";
import { Prng, RecordBuffer } from "../../src/base/index.ts";
import { type Authenticator, GATEWAY_LIMITS, Gateway } from "../../src/gateway/index.ts";
import { COMMAND_WORDS, EVENT_WORDS, firstUnknownCommand } from "../../src/protocol/index.ts";
import { Desk } from "../engine/support.ts";
import { describeSession } from "../gateway/session-support.ts";
import { ManualTransport, RecordingSink } from "../gateway/support.ts";
import { mutatedFrame } from "./mutation.ts";
import { LOGON_REQUEST, logonFrame, OPEN_FRAMES, SESSION_FRAMES } from "./valid.ts";

/** Of each protocol, in a test run; `npm run hostile` sends a million. */
const FRAMES = 50_000;
/** A connection sends so many before the next one takes its place, if it is not closed before. */
const FRAMES_OF_CONNECTION = 40;
const SEED = 20_260_501;
const ACCOUNTS_MAX = 1_024;
const SECOND_US = 1_000_000;
/** The first byte of a proof that is taken. */
const PROOF = 0x5a;

/** One key, of a trader for all accounts; its proofs begin as agreed. */
const keys: Authenticator = {
  challenge: () => new Uint8Array(32),
  verify: (name, _statement, proof) =>
    name === "mallory" && proof[0] === PROOF
      ? { name, role: "trader", accounts: "all", limits: {} }
      : undefined,
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
  });
});
