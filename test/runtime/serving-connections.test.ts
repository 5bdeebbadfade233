// Which of the connections of other nodes is kept, which gives way, and how each ends. What happens within one is
// test/replication/sessions.test.ts; sockets are serving-listener.test.ts.

import { expect, test } from "vitest";
import { AskingSession, FollowingSession, LOGON_US } from "../../src/replication/index.ts";
import { SERVED_MAX, ServingConnections, type ServingLine } from "../../src/runtime/index.ts";
import { PrimaryNode, ReplicaNode, rows } from "../replication/support.ts";

/** As long as the one who was refused, or answered, has for taking his last words. */
const LAST_WORDS_US = 1_000_000;

/** What other nodes have of a primary's port, and what becomes of it. */
class Port {
  now_us = 0;
  readonly done: string[] = [];
  readonly primary = new PrimaryNode();
  /** By another node. */
  lastSaid: Uint8Array = new Uint8Array(0);
  readonly #written = new Map<ServingLine, Uint8Array[]>();
  readonly connections = new ServingConnections(
    this.primary,
    {
      connected: (name) => this.done.push(`follows: ${name}`),
      sendsSnapshot: () => expect.unreachable(),
      ended: (name, how) => this.done.push(`ended: ${name}, ${how}`),
      refused: (line) => this.done.push(line),
    },
    { monotonicMicros: () => this.now_us },
    (act) => act(),
  );

  opened(address: string): ServingLine {
    const written: Uint8Array[] = [];
    const line = {
      ...{ address, hasRoom: true, write: (bytes: Uint8Array) => void written.push(bytes.slice()) },
      end: (hasLastWords: boolean) => this.done.push(`${address} ends${hasLastWords ? ", said" : ""}`),
    };
    this.#written.set(line, written);
    this.connections.opened(line);
    return line;
  }

  #said(line: ServingLine, hear: (bytes: Uint8Array) => void): void {
    for (const bytes of this.#written.get(line)?.splice(0) ?? []) hear(bytes);
  }

  #outputOf(line: ServingLine) {
    const write = (bytes: Uint8Array): void => {
      this.lastSaid = bytes.slice();
      this.connections.received(line, this.lastSaid);
    };
    return { hasRoom: true, write };
  }

  followed(name: string, known?: string[]): ServingLine {
    const line = this.opened(name);
    const session = new FollowingSession(new ReplicaNode(name, known), this.#outputOf(line), this.now_us);
    this.#said(line, (bytes) => session.received(bytes, this.now_us));
    return line;
  }

  asked(name: string): ServingLine {
    const line = this.opened(name);
    const session = new AskingSession(new ReplicaNode(name), this.#outputOf(line), this.now_us);
    this.#said(line, (bytes) => session.received(bytes));
    return line;
  }

  tickAt(now_us: number): void {
    this.now_us = now_us;
    this.connections.tick();
  }
}

test("who comes when there is no room takes the place of the oldest that is no replica's", () => {
  const port = new Port();
  port.followed("south");
  const strangers = Array.from({ length: SERVED_MAX - 1 }, (_, i) => port.opened(`stranger ${i}`));
  expect(port.done).toEqual(["follows: south"]);
  port.opened("another");
  expect(port.done.slice(1)).toEqual(["stranger 0 ends"]);
  expect(port.connections.count).toBe(SERVED_MAX);
  // What its socket still says of it, later, is nothing to anybody.
  port.connections.received(strangers[0], new Uint8Array(200));
  port.connections.closed(strangers[0]);
  port.opened("a last one");
  expect(port.done.slice(2)).toEqual(["stranger 1 ends"]);
});

test("one whose session is over gives way too, be it a replica's", () => {
  const port = new Port();
  for (let i = 1; i < SERVED_MAX; i++) port.opened(`stranger ${i}`);
  const south = port.followed("south");
  // A second logon on one connection is refused, and the words to it are on their way.
  port.connections.received(south, port.lastSaid);
  expect(port.done.slice(0, 2)).toEqual(["follows: south", "south ends, said"]);
  const before = port.done.length;
  for (let i = 1; i <= SERVED_MAX; i++) port.opened(`another ${i}`);
  expect(port.done.slice(before)).toEqual([
    ...Array.from({ length: SERVED_MAX - 1 }, (_, i) => `stranger ${i + 1} ends`),
    "south ends",
  ]);
});

test("who asked, or was refused, gets the last words, and has a second to take them", () => {
  const port = new Port();
  const asking = port.asked("west");
  const refused = port.followed("east", ["north"]);
  expect(port.done).toEqual(["west ends, said", "east ends, said", expect.stringContaining("east")]);
  port.connections.closed(asking);
  port.tickAt(LAST_WORDS_US);
  expect(port.connections.count).toBe(1);
  port.tickAt(LAST_WORDS_US + 1);
  expect(port.done.slice(3)).toEqual(["east ends"]);
  port.connections.closed(refused);
  expect(port.connections.count).toBe(0);
});

test("a replica that falls silent is dropped at once, with all that waits for it, and a stranger when he has not logged on in time", () => {
  const port = new Port();
  port.followed("south");
  port.tickAt(LOGON_US / 2 + 1);
  expect(port.done).toEqual(["follows: south", "south ends", expect.stringContaining("ended: south")]);
  port.now_us = 0;
  port.opened("stranger");
  port.tickAt(LOGON_US + 1);
  expect(port.done.slice(3)).toEqual(["stranger ends, said"]);
});

test("when all sessions end each connection does so as it is looked at next; when the port closes at once", () => {
  const port = new Port();
  port.followed("south");
  port.opened("stranger");
  port.connections.endSessions();
  expect(port.done).toEqual(["follows: south"]);
  port.connections.pump();
  expect(port.done.slice(1)).toEqual([
    ...["south ends", "ended: south, the connection was closed", "stranger ends, said"],
  ]);
  port.followed("west");
  expect(rows(port.primary)).toHaveLength(1);
  port.connections.close();
  expect(port.done.slice(4)).toEqual(["follows: west", "stranger ends", "west ends"]);
  expect(rows(port.primary)).toEqual([]);
});
