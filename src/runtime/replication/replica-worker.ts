// The thread of a replica: opens its journal, hands every record to the application's thread, then follows the primary:
// stores its frames byte for byte, hands on their records, makes them safe, acknowledges. It connects again for as long as
// it runs. When its history is not the primary's, or a snapshot has come to take its place, it closes its journal and ends,
// for the node to begin anew.
//
// What follows from what it hears: following-side.ts. Here are its sockets, its timers and what it says to its node.

import type { Socket } from "node:net";
import { dirname } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { networkWords, type Position, SeriatimError } from "../../base/index.ts";
import { IncomingSnapshot, ReplicaJournal } from "../../journal/index.ts";
import { connectTo, makeNonce, NativeChecksums, NodeStorage, SystemClock } from "../../platform/index.ts";
import type { SnapshotBegin } from "../../protocol/index.ts";
import type { SnapshotReceiver } from "../../replication/index.ts";
import { describeScan } from "../../segment/index.ts";
import { importRules } from "../record-rules.ts";
import { RecordSender } from "../record-sender.ts";
import { askPeers, type HostPort } from "./asking.ts";
import { type FollowingEnd, type FollowingLine, FollowingSide } from "./following-side.ts";
import { readIdentity } from "./keys.ts";
import { Promises } from "./promise.ts";
import type {
  ReplicaWorkerData,
  ReplicaWorkerMessage,
  ReplicaWorkerRequest,
  Standings,
} from "./replica-messages.ts";
import type { FollowedSoFar } from "./replica-view.ts";
import { UNTOLD } from "./serving-connections.ts";
import { ServingListener } from "./serving-listener.ts";
import { SocketOutput } from "./socket-session.ts";

const TICK_MS = 50;
/** Read at once: a few frames of a full load, which are then safe by one sync. */
const READ_BYTES = 256 * 1024;

const data = workerData as ReplicaWorkerData;
const clock = new SystemClock();
const checksums = new NativeChecksums();

function say(message: ReplicaWorkerMessage): void {
  parentPort?.postMessage(message);
}

class Replica {
  readonly #journal: ReplicaJournal;
  readonly #side: FollowingSide;
  readonly #listener: ServingListener;
  /** Of whatever connection there is: what was read is taken before the next read. */
  readonly #read = new Uint8Array(READ_BYTES);
  /** The one that is read, and those whose last words are on their way: each keeps this thread from ending. */
  readonly #sockets = new Set<Socket>();
  #retry: NodeJS.Timeout | undefined;
  /** Commands up to here may be seen. */
  #released: Position = 0;
  /** Why its journal has no room to grow, as it was said last. */
  #shortage: string | undefined;
  /** As it was said last. */
  #progress: FollowedSoFar = { inMemory: 0, persisted: 0, released: 0, primary: 0 };
  readonly #ticker = setInterval(() => this.#tick(), TICK_MS);

  constructor(log: ReplicaJournal) {
    this.#journal = log;
    const { name, keys, cluster } = readIdentity(data.keys, data.ownKey);
    const { primaries, segmentBytes } = data;
    const promises = new Promises(new NodeStorage(), dirname(data.directory));
    const own = { name, keys, checksums, nonce: makeNonce, cluster };
    this.#side = new FollowingSide(
      { ...own, primaries, segmentBytes, log, promises, clock },
      {
        connect: (to) => this.#connect(to),
        connectAfter: (pause_ms) => {
          this.#retry = setTimeout(() => this.#side.connect(), pause_ms);
        },
        follows: (primary, epoch, position) => say({ kind: "following", primary, epoch, position }),
        receive: (begin) => this.#receive(begin),
        released: (position) => {
          this.#released = position;
        },
        lost: (how) => say({ kind: "lost", how }),
        leave: () => this.#leave(),
        over: endWith,
      },
    );
    this.#listener = new ServingListener(this.#side.asked, UNTOLD, data.tls);
  }

  /** Follows nobody without the port where the others ask how it stands. */
  async begin(): Promise<void> {
    try {
      await this.#listen();
      this.#side.connect();
    } catch (error) {
      this.#side.fail(error);
    }
  }

  async #listen(): Promise<void> {
    if (data.listen === undefined) return;
    const port = await this.#listener.listen(data.listen.host, data.listen.port);
    say({ kind: "listening", port });
  }

  #receive({ position, epoch, chain, fileBytes }: SnapshotBegin): SnapshotReceiver {
    const { version, incoming: directory } = data;
    if (version === undefined) {
      const what = "this node lacks what the primary can't give any more, and its application has no version";
      throw new SeriatimError("SNAPSHOT_FOREIGN", `${what}: it can't take the primary's snapshot`);
    }
    say({ kind: "receiving", epoch: this.#side.highestEpoch, position, bytes: fileBytes });
    const announced = { position, epoch, chain, fileBytes };
    return new IncomingSnapshot({ storage: new NodeStorage(), checksums, directory }, version, announced);
  }

  #connect(to: HostPort): FollowingLine {
    const received = (bytes: Uint8Array): void => {
      this.#side.received(line, bytes);
      this.#side.stored(line);
    };
    const callback = (count: number): boolean => {
      received(this.#read.subarray(0, count));
      return true;
    };
    const socket = connectTo(to, data.tls?.ca, { buffer: this.#read, callback });
    const line = new SocketLine(socket, (hasLastWords) => this.#closeSockets(hasLastWords));
    this.#sockets.add(socket);
    // Over TLS, and of what makes the socket read.
    socket.on("data", received);
    let fault: string | undefined;
    socket.on("error", ({ code, message }: NodeJS.ErrnoException) => {
      fault = networkWords(code, message);
    });
    socket.on("close", () => {
      this.#sockets.delete(socket);
      this.#side.closed(line, fault);
    });
    return line;
  }

  #tick(): void {
    Atomics.add(data.turns, 0, 1);
    this.#sayProgress();
    this.#side.tick();
    this.#sayRoom();
  }

  /** When that has changed. */
  #sayRoom(): void {
    const why = this.#journal.preallocationFailure?.message;
    if (why !== this.#shortage) say({ kind: "shortage", why });
    this.#shortage = why;
  }

  /** When there is any. */
  #sayProgress(): void {
    const { log, primaryPosition } = this.#side;
    const { position: inMemory, persisted } = log;
    const primary = Math.max(this.#progress.primary, inMemory, primaryPosition);
    const before = this.#progress;
    const hasMore = inMemory > before.inMemory || persisted > before.persisted;
    if (!hasMore && primary === before.primary && this.#released === before.released) return;
    this.#progress = { inMemory, persisted, released: this.#released, primary };
    say({ kind: "progress", progress: this.#progress });
  }

  hear(request: ReplicaWorkerRequest): void {
    if (request.kind === "stop") return this.#side.stop();
    if (request.kind === "ask") {
      void this.#ask(request.peers).then((standings) =>
        say({ kind: "standings", id: request.id, standings }),
      );
      return;
    }
    const { log } = this.#side;
    this.#side.guarded(() => {
      log.sync();
      say({ kind: "durable", id: request.id, position: log.persisted });
    });
  }

  async #ask(alsoPeers: boolean): Promise<Standings> {
    const peers = alsoPeers ? await askPeers(data.primaries, this.#side, data.tls?.ca) : [];
    return { own: this.#side.standing, peers };
  }

  /** Whoever had last words to say before has had his time. */
  #closeSockets(hasLastWords: boolean): void {
    for (const socket of this.#sockets) {
      if (hasLastWords) socket.destroySoon();
      else socket.destroy();
    }
  }

  #leave(): void {
    this.#listener.close();
    clearInterval(this.#ticker);
    clearTimeout(this.#retry);
    for (const socket of this.#sockets) socket.destroy();
  }
}

class SocketLine extends SocketOutput implements FollowingLine {
  readonly end: (hasLastWords: boolean) => void;

  constructor(socket: Socket, end: (hasLastWords: boolean) => void) {
    super(socket);
    this.end = end;
  }
}

function endWith(how: FollowingEnd): void {
  if (how.kind === "failed") return endFailed(how.error);
  say(how.kind === "stopped" ? { kind: "closed", end: how.end } : how);
  parentPort?.close();
}

function endFailed(error: unknown): void {
  const known = error instanceof SeriatimError;
  const message = known ? error.message : `this is a bug in the replica: ${String(error)}`;
  say({ kind: "failed", code: known ? error.code : "BUG", message, exitCode: known ? error.exitCode : 1 });
  parentPort?.close();
}

async function open(sender: RecordSender): Promise<ReplicaJournal> {
  const rules = await importRules(data.rules);
  const { directory, segmentBytes, from } = data;
  const options = { storage: new NodeStorage(), checksums, directory, rules, segmentBytes, from };
  const journal = new ReplicaJournal(options, (words, at, count) => sender.send(words, at, count));
  const { scan, position, mayLack } = journal;
  say({ kind: "opened", position, wasTorn: scan.verdict === "torn", mayLack, finding: describeScan(scan) });
  return journal;
}

const sender = new RecordSender(data.records);
try {
  const replica = new Replica(await open(sender));
  parentPort?.on("message", (request: ReplicaWorkerRequest) => replica.hear(request));
  await replica.begin();
} catch (error) {
  endFailed(error);
}
