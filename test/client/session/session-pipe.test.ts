// One logged-on connection over real sockets, against exchanges that follow a script.

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import {
  connectSession,
  LogonRefusedError,
  type SessionListener,
  type SessionPipe,
  signerOf,
} from "../../../src/client/index.ts";
import { ed25519Signer, ed25519Verifier, makeEd25519Pair } from "../../../src/platform/index.ts";
import {
  encodeLoggedOut,
  formatKeys,
  type KeyEntry,
  MessageType,
  Reason,
  ReportKind,
  SessionFlag,
} from "../../../src/protocol/index.ts";
import {
  ALICE,
  acceptsAll,
  type Peer,
  type SessionScript,
  type SessionServer,
  startSessionServer,
} from "../session-server.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(script: SessionScript = {}): Promise<SessionServer> {
  const server = await startSessionServer(script);
  cleanups.push(server.close);
  return server;
}

/** Notes what it is told as `what` and the fields asked for. */
function notes(): SessionListener & { readonly told: unknown[]; heard(): Promise<void> } {
  const told: unknown[] = [];
  let wake = () => {};
  const note = (what: unknown) => {
    told.push(what);
    wake();
  };
  return {
    told,
    heard: () => new Promise<void>((resolve) => (wake = resolve)),
    onReport: ({ number, kind, id, request, session }) =>
      note(["report", number, kind, id, request, session]),
    onRefused: (refusal) => note(["refused", refusal]),
    onOpenOrder: ({ request, rests, id, leaves, asOf }) => note(["order", request, rests, id, leaves, asOf]),
    onOpenOrdersEnd: (end) => note(["end", end]),
    onServerHeartbeat: (next) => note(["heartbeat", next]),
  };
}

async function logOn({ port }: SessionServer, options = {}): Promise<SessionPipe> {
  const pipe = await connectSession({ port, key: ALICE, account: 7, listener: notes(), ...options });
  cleanups.push(() => pipe.destroy());
  return pipe;
}

const order = { id: 5, symbol: 3, side: "buy", price: 100, quantity: 2 } as const;

describe("logging on", () => {
  test("what was asked for is signed and sent, and what was agreed is known before the first report", async () => {
    const server = await serve({
      logon: (peer) => {
        peer.accept(11, 12, 1_500);
        peer.report(11, { kind: ReportKind.Traded, id: 4 });
      },
    });
    const listener = notes();
    const pipe = await logOn(server, {
      instance: 2,
      next: 9,
      cancelOnDisconnect: true,
      deadMan_ms: 5_000,
      heartbeat_ms: 1_000,
      once: true,
      listener,
    });
    const { CancelOnDisconnect, Once } = SessionFlag;
    expect(server.peers[0].logon).toEqual({
      name: "alice",
      account: 7,
      instance: 2,
      flags: CancelOnDisconnect | Once,
      next: 9,
      deadMan_ms: 5_000,
      heartbeat_ms: 1_000,
    });
    const { session, first, next, hasGap, heartbeat_ms } = pipe;
    const agreed = {
      session: BigInt(server.peers[0].number),
      first: 11,
      next: 12,
      hasGap: true,
      heartbeat_ms: 1_500,
    };
    expect({ session, first, next, hasGap, heartbeat_ms }).toEqual(agreed);
    if (listener.told.length === 0) await listener.heard();
    expect(listener.told).toEqual([["report", 11, ReportKind.Traded, 4n, 0n, 0n]]);
  });

  test("a drop copy says that it only reads", async () => {
    const server = await serve();
    await logOn(server, { readOnly: true });
    expect(server.peers[0].logon?.flags).toBe(SessionFlag.ReadOnly);
  });

  test("another's key is refused, with the reason", async () => {
    const server = await serve();
    const key = { name: "alice", private: makeEd25519Pair().private };
    const refused = logOn(server, { key });
    await expect(refused).rejects.toBeInstanceOf(LogonRefusedError);
    await expect(refused).rejects.toMatchObject({ code: "LOGON_REFUSED", reason: Reason.NotAuthorised });
    await expect(refused).rejects.toThrow(
      /NotAuthorised \(it knows no trader or reader alice, .* account 7\)$/,
    );
  });

  test("too many logons and too many sessions are told by the same reason", async () => {
    const server = await serve({ logon: (peer) => peer.refuseLogon(Reason.Throttled) });
    await expect(logOn(server)).rejects.toThrow(
      /Throttled \(too many logons in a second, or .* as many sessions/,
    );
  });

  test("a key's own file says what it is good for when it is refused", async () => {
    const directory = mkdtempSync(join(tmpdir(), "seriatim-key-"));
    const server = await serve();
    const path = join(directory, "alice.key");
    const own = { name: "alice", ...makeEd25519Pair() };
    const refusalOf = async (key: KeyEntry) => {
      writeFileSync(path, formatKeys([key]), { mode: 0o600 });
      return logOn(server, { key: path }).catch(({ message }) => message);
    };
    expect(await refusalOf({ ...own, role: "trader", accounts: [3] })).toMatch(
      /; .*\/alice\.key is for account 3\)$/,
    );
    expect(await refusalOf({ ...own, role: "admin" })).toMatch(
      /; .*\/alice\.key is the key of role admin\)$/,
    );
    rmSync(directory, { recursive: true });
  });

  test("an exchange that does not answer is given up in time", async () => {
    const server = await serve({ logon: () => {} });
    await expect(logOn(server, { connectTimeout_ms: 50 })).rejects.toMatchObject({
      code: "ETIMEDOUT",
      message: expect.stringContaining("no answer to the logon within 50 ms"),
    });
  });

  test("an exchange that closes instead of answering is no success", async () => {
    const server = await serve({ logon: ({ socket }) => socket.end() });
    await expect(logOn(server)).rejects.toMatchObject({ code: "CONNECTION_LOST" });
  });

  test.each([
    ["an account that is none", { account: -1 }],
    ["a name that is none", { key: { name: "a b", private: ALICE.private } }],
    ["a private part that is too short", { key: { name: "alice", private: "AAAA" } }],
    ["no key", { key: undefined }],
    ["a number of a report that is none", { next: 0.5 }],
  ])("%s is refused before anything is sent", async (_what, options) => {
    await expect(logOn({ port: 1 } as SessionServer, options)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });
});

describe("a session", () => {
  test("requests leave with their numbers, reports and lists come back", async () => {
    const listener = notes();
    const { frame = () => {}, ...rest } = acceptsAll();
    const server = await serve({
      ...rest,
      frame: (peer, seen) => {
        if (seen.type === MessageType.OrderStatus) peer.openOrder(seen.request, seen.id, 0, 4);
        else if (seen.type === MessageType.OpenOrders) {
          peer.openOrder(seen.request, 8, 2, 4);
          peer.openOrdersEnd(seen.request, 1, true, 4);
        } else frame(peer, seen);
      },
    });
    const pipe = await logOn(server, { listener });
    pipe.submit(1, order);
    pipe.modify(2, { ...order, price: 101 });
    pipe.cancel(3, order);
    pipe.massCancel(4, { symbol: 3, side: "sell" });
    pipe.orderStatus(5, order);
    pipe.openOrders(6, {});
    pipe.flush();
    while (listener.told.length < 7) await listener.heard();
    const { Accepted, Modified, Cancelled, MassCancelled } = ReportKind;
    const number = BigInt(server.peers[0].number);
    expect(listener.told).toEqual([
      ["report", 1, Accepted, 5n, 1n, number],
      ["report", 2, Modified, 5n, 2n, number],
      ["report", 3, Cancelled, 5n, 3n, number],
      ["report", 4, MassCancelled, 0n, 4n, number],
      ["order", 5, false, 5n, 0, 4],
      ["order", 6, true, 8n, 2, 4],
      ["end", { request: 6, count: 1, truncated: true, asOf: 4 }],
    ]);
  });

  test("a refusal of the gateway names request, order, reason and type", async () => {
    const listener = notes();
    const server = await serve({
      frame: (peer, { type, request, id }) => peer.refuse(request, id, Reason.Throttled, type),
    });
    const pipe = await logOn(server, { listener });
    pipe.submit(1, order);
    pipe.flush();
    await listener.heard();
    const { NewOrder } = MessageType;
    expect(listener.told).toEqual([
      ["refused", { request: 1, id: 5n, reason: Reason.Throttled, type: NewOrder }],
    ]);
  });

  test("a logout ends it without a failure, and an end that nobody asked for has one", async () => {
    const [first, second] = [await serve(acceptsAll()), await serve(acceptsAll())];
    const pipe = await logOn(first);
    await expect(pipe.logout()).resolves.toBeUndefined();
    expect([pipe.writable, pipe.isLoggedOut]).toEqual([false, true]);
    const other = await logOn(second);
    second.peers[0].socket.end();
    await expect(other.closed).resolves.toMatchObject({ code: "CONNECTION_LOST" });
  });

  test("an exchange that closes behind a logout without a word has not said that it took it", async () => {
    const server = await serve({ frame: ({ socket }) => socket.end() });
    const pipe = await logOn(server);
    await expect(pipe.logout()).resolves.toBeUndefined();
    expect(pipe.isLoggedOut).toBe(false);
  });

  /** One that has asked to be logged out, on timers of the test's: `tell` has it read a report, `why` says how it ended. */
  async function loggingOut() {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const server = await serve();
    const pipe = await logOn(server);
    const [peer] = server.peers;
    let why: unknown = "nothing yet";
    pipe.logout().then((failure) => {
      why = failure;
    });
    const tell = async (number: number) => {
      const before = pipe.reads;
      peer.report(number, { kind: ReportKind.Traded });
      while (pipe.reads === before && why === "nothing yet") await new Promise(setImmediate);
    };
    return { pipe, tell, why: () => why };
  }

  // Reports that took longer were cut, and with them a session that was to cancel when its connection is lost.
  test("a logout waits for what comes before its answer, and for nothing that does not come", async () => {
    const { pipe, tell, why } = await loggingOut();
    for (let number = 1; number <= 3; number++) {
      vi.advanceTimersByTime(9_000);
      await tell(number);
    }
    expect(why()).toBe("nothing yet");
    vi.advanceTimersByTime(20_000);
    expect(await pipe.closed).toMatchObject({ code: "CONNECTION_LOST" });
  });

  test("a logout does not wait for ever for an exchange that goes on with something else", async () => {
    const { tell, why } = await loggingOut();
    let number = 0;
    for (; why() === "nothing yet" && number < 40; number++) {
      await tell(number + 1);
      vi.advanceTimersByTime(10_000);
      await new Promise(setImmediate);
    }
    expect(why()).toMatchObject({ message: expect.stringContaining("it was not done within 300000 ms") });
    expect(number).toBe(30);
  });

  test("a logout is not given up while its own side reads nothing, and is when that lasts", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const server = await serve();
    const pipe = await logOn(server);
    pipe.pause();
    let isOver = false;
    pipe.logout().then(() => {
      isOver = true;
    });
    for (let s = 10; s < 300; s += 10) {
      vi.advanceTimersByTime(10_000);
      await new Promise(setImmediate);
    }
    expect(isOver).toBe(false);
    vi.advanceTimersByTime(10_000);
    expect(await pipe.closed).toMatchObject({ code: "CONNECTION_LOST" });
  });

  test("a session that another connection has taken says so", async () => {
    const server = await serve();
    const pipe = await logOn(server);
    server.peers[0].refuseLogon(Reason.SessionReplaced);
    await expect(pipe.closed).resolves.toMatchObject({ code: "SESSION_REPLACED" });
  });

  test("while paused nothing is read, and nothing is lost", async () => {
    const listener = notes();
    const server = await serve();
    const pipe = await logOn(server, { listener });
    pipe.pause();
    const [peer] = server.peers;
    const sent = new Promise((resolve) => peer.socket.write("", resolve));
    for (let number = 1; number <= 5_000; number++) peer.report(number, { kind: ReportKind.Traded });
    await sent;
    const before = pipe.reads;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(pipe.reads).toBe(before);
    pipe.resume();
    while (listener.told.length < 5_000) await listener.heard();
    expect(listener.told.map((told) => (told as number[])[1])).toEqual(
      Array.from({ length: 5_000 }, (_, i) => i + 1),
    );
  });

  test.each<[type: MessageType, say: (peer: Peer) => void]>([
    [MessageType.LogonAck, (peer) => peer.accept()],
    // The answer to a logout, which nobody asked for.
    [MessageType.LoggedOut, (peer) => peer.say((b) => encodeLoggedOut(b, 0, 1))],
  ])("what no server sends in a session ends the connection: type %d", async (type, say) => {
    const server = await serve();
    const pipe = await logOn(server);
    const [peer] = server.peers;
    say(peer);
    peer.socket.end();
    await expect(pipe.closed).resolves.toMatchObject({ message: expect.stringContaining(`type ${type}`) });
  });
});

describe("keys", () => {
  const pair = makeEd25519Pair();
  const statement = new TextEncoder().encode("a statement");
  const own = { name: "bob", role: "trader", accounts: "all", ...pair } as const;
  const folder = mkdtempSync(join(tmpdir(), "seriatim-session-key-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string, mode = 0o600) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    // Not at its making, where the umask takes rights away.
    chmodSync(path, mode);
    return path;
  };

  test("a file, its two fields and a signer sign alike", () => {
    const proof = ed25519Signer(pair)(statement);
    const path = write("bob.key", formatKeys([own]));
    const keys = [path, { name: "bob", private: pair.private }, { name: "bob", prove: () => proof }];
    for (const key of keys) {
      const signer = signerOf(key);
      expect(signer.name).toBe("bob");
      expect(ed25519Verifier(pair.public)(statement, signer.prove(statement))).toBe(true);
    }
  });

  test.each([
    ["63 bytes", () => new Uint8Array(63)],
    ["a promise", () => Promise.resolve(new Uint8Array(64)) as never],
  ])("a signer that gives %s fails the logon", async (_what, prove) => {
    const why = { code: "SIGNER_FAILED", message: expect.stringContaining("alice could not sign") };
    await expect(logOn(await serve(), { key: { name: "alice", prove } })).rejects.toMatchObject(why);
  });

  const { private: _, ...known } = own;
  test.each([
    ["a file that is not there", "none", undefined, "ENOENT"],
    ["a ring of public keys", "ring", formatKeys([known]), "KEYS_INVALID"],
    ["two keys", "two", formatKeys([own, { ...own, name: "eve" }]), "KEYS_INVALID"],
    ["no keys file", "text", "hello", "KEYS_INVALID"],
    ["one that others may read", "open", formatKeys([own]), "KEYS_EXPOSED"],
  ])("%s is refused", (_what, name, text, code) => {
    const path = text === undefined ? join(folder, name) : write(name, text, name === "open" ? 0o644 : 0o600);
    let failure: unknown;
    try {
      signerOf(path);
    } catch (error) {
      failure = error;
    }
    expect(failure).toMatchObject({ code });
  });
});
