// The thread of a replica: opens its journal, hands every record to the application's thread, then follows the primary:
// stores its frames byte for byte, hands on their records, makes them safe, acknowledges. It connects again for as long as
// it runs. When its history is not the primary's, or a snapshot has come to take its place, it closes its journal and ends,
// for the node to begin anew.

import type { Socket } from "node:net";
import { dirname } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { networkWords, type Position, SeriatimError } from "../../base/index.ts";
import { IncomingSnapshot, ReplicaJournal } from "../../journal/index.ts";
import { connectTo, makeNonce, NativeChecksums, NodeStorage, SystemClock } from "../../platform/index.ts";
import { RefusalCode, type SnapshotBegin, StartFrom, type Welcome } from "../../protocol/index.ts";
import {
  endingWords,
  type FollowingNode,
  FollowingSession,
  obeyedRefusal,
  ReplicaStanding,
  refuseOtherCluster,
  type ServingNode,
  type SessionEnd,
  type SnapshotReceiver,
} from "../../replication/index.ts";
import { describeScan, type LogPoint } from "../../segment/index.ts";
import { importRules } from "../record-rules.ts";
import { RecordSender } from "../record-sender.ts";
import { askPeers } from "./asking.ts";
import { readIdentity } from "./keys.ts";
import { Promises } from "./promise.ts";
import type {
  ReplicaWorkerData,
  ReplicaWorkerMessage,
  ReplicaWorkerRequest,
  Standings,
} from "./replica-messages.ts";
import type { FollowedSoFar } from "./replica-view.ts";
import { ServingListener } from "./serving-listener.ts";
import { SocketOutput } from "./socket-session.ts";

/** Between two rounds through the addresses where the primary may be. */
const RETRY_MS = 250;
const TICK_MS = 50;
/** Read at once: a few frames of a full load, which are then safe by one sync. */
const READ_BYTES = 256 * 1024;

const data = workerData as ReplicaWorkerData;
const clock = new SystemClock();
const checksums = new NativeChecksums();

function say(message: ReplicaWorkerMessage): void {
  parentPort?.postMessage(message);
}

/** What a person can do about a refusal that ends the replica. */
const REMEDIES: Readonly<Partial<Record<RefusalCode, string>>> = {
  [RefusalCode.NotAuthorised]: "one of the two nodes does not know the other's key: compare their keys files",
  [RefusalCode.NoSnapshot]:
    "the primary has retired the segments that this journal lacks, and no snapshot of its own holds: take one there",
};

class Replica implements FollowingNode {
  readonly name: string;
  readonly keys: FollowingNode["keys"];
  readonly checksums = checksums;
  readonly nonce = makeNonce;
  readonly log: ReplicaJournal;
  /** By its keys file. */
  readonly #cluster: readonly string[];
  readonly #standing: ReplicaStanding;
  /** Of whatever connection there is: what was read is taken before the next read. */
  readonly #read = new Uint8Array(READ_BYTES);
  readonly #promises = new Promises(new NodeStorage(), dirname(data.directory));
  readonly #listener: ServingListener;
  #session: FollowingSession | undefined;
  /** The session's, and those whose last words are on their way: each keeps this thread from ending. */
  readonly #sockets = new Set<Socket>();
  /** Where the session's leads to. */
  #peer = "";
  #retry: NodeJS.Timeout | undefined;
  #tries = 0;
  /** Commands up to here may be seen. */
  #released: Position = 0;
  /** As it was said last. */
  #progress: FollowedSoFar = { inMemory: 0, persisted: 0, released: 0, primary: 0 };
  #isStopping = false;
  readonly #ticker = setInterval(() => this.#tick(), TICK_MS);

  constructor(journal: ReplicaJournal) {
    const { name, keys, cluster } = readIdentity(data.keys, data.ownKey);
    this.name = name;
    this.#cluster = cluster;
    this.keys = keys;
    this.log = journal;
    this.#standing = new ReplicaStanding(this.log);
    const untold = {
      connected: () => {},
      sendsSnapshot: () => {},
      ended: () => {},
      refused: () => {},
    };
    this.#listener = new ServingListener(this.#asked(), untold, data.tls);
  }

  get highestEpoch(): number {
    return Math.max(this.#promises.epoch, this.log.epoch);
  }
  get isWarm(): boolean {
    return this.#standing.isWarm;
  }
  get mayLack(): boolean {
    return this.#standing.mayLack;
  }

  /** It can be asked, not followed. */
  #asked(): ServingNode {
    return {
      ...{ name: this.name, keys: this.keys, checksums, nonce: makeNonce, primary: undefined },
      log: this.log,
      standing: (now_us) => this.#standing.of(now_us),
      claimed: () => {},
      promised: () => {},
      outpromised: () => {},
      mustStop: () => {},
    };
  }

  /** Follows nobody without the port where the others ask how it stands. */
  async begin(): Promise<void> {
    try {
      await this.#listen();
      if (!this.#isStopping) this.#connect();
    } catch (error) {
      this.fail(error);
    }
  }

  async #listen(): Promise<void> {
    if (data.listen === undefined) return;
    const port = await this.#listener.listen(data.listen.host, data.listen.port);
    say({ kind: "listening", port });
  }

  welcomed(welcome: Welcome): void {
    const { start, epoch, segmentBytes } = welcome;
    if (segmentBytes !== data.segmentBytes) {
      const what = `the primary's segments have ${segmentBytes} bytes, this node's ${data.segmentBytes}`;
      throw new SeriatimError("SEGMENT_LIMITS", `${what}: give --segment-bytes ${segmentBytes}`, {
        exitCode: 2,
      });
    }
    refuseOtherCluster(welcome, this.#session?.primary ?? "", this.#cluster, checksums);
    this.#promises.keep(epoch);
    // What it has is not compared with that tenure's history: it is not of it.
    if (start === StartFrom.Snapshot) return;
    this.#standing.welcomed(welcome);
    say({ kind: "following", primary: this.#session?.primary ?? "", epoch, position: this.log.position });
  }

  receive({ position, epoch, chain, fileBytes }: SnapshotBegin): SnapshotReceiver {
    const { version, incoming: directory } = data;
    if (version === undefined) {
      const what = "this node lacks what the primary can't give any more, and its application has no version";
      throw new SeriatimError("SNAPSHOT_FOREIGN", `${what}: it can't take the primary's snapshot`);
    }
    say({ kind: "receiving", epoch: this.highestEpoch, position, bytes: fileBytes });
    const announced = { position, epoch, chain, fileBytes };
    return new IncomingSnapshot({ storage: new NodeStorage(), checksums, directory }, version, announced);
  }

  released(position: Position): void {
    this.#released = position;
  }

  #connect(): void {
    const to = data.primaries[this.#tries++ % data.primaries.length];
    const received = (bytes: Uint8Array): void => this.#guarded(() => this.#received(session, bytes));
    const callback = (count: number): boolean => {
      received(this.#read.subarray(0, count));
      return true;
    };
    const socket = connectTo(to, data.tls?.ca, { buffer: this.#read, callback });
    const session = new FollowingSession(this, new SocketOutput(socket), clock.monotonicMicros());
    this.#sockets.add(socket);
    this.#session = session;
    // Over TLS, and of what makes the socket read.
    socket.on("data", received);
    let fault: string | undefined;
    socket.on("error", ({ code, message }: NodeJS.ErrnoException) => {
      fault = networkWords(code, message);
    });
    this.#peer = `${to.host}:${to.port}`;
    socket.on("close", () => {
      this.#sockets.delete(socket);
      session.close();
      this.#look(session, fault);
    });
  }

  #received(session: FollowingSession, bytes: Uint8Array): void {
    const now_us = clock.monotonicMicros();
    session.received(bytes, now_us);
    session.stored(clock.monotonicMicros());
    if (session.isFollowing) this.#standing.heard(now_us);
  }

  #tick(): void {
    this.#session?.tick(clock.monotonicMicros());
    this.#sayProgress();
    this.#guarded(() => this.log.prepareNext(true));
  }

  /** When there is any. */
  #sayProgress(): void {
    const { position: inMemory, persisted } = this.log;
    const primary = Math.max(this.#progress.primary, inMemory, this.#session?.primaryPosition ?? 0);
    const before = this.#progress;
    const hasMore = inMemory > before.inMemory || persisted > before.persisted;
    if (!hasMore && primary === before.primary && this.#released === before.released) return;
    this.#progress = { inMemory, persisted, released: this.#released, primary };
    say({ kind: "progress", progress: this.#progress });
  }

  /** A disk that fails ends the replica; so does what only a person can change. */
  #guarded(work: () => unknown): void {
    if (this.#isStopping) return;
    try {
      work();
      if (this.#session !== undefined) this.#look(this.#session);
    } catch (error) {
      this.fail(error);
    }
  }

  /** `fault`: what the system says of the connection. */
  #look(session: FollowingSession, fault?: string): void {
    const { ended } = session;
    if (ended === undefined || session !== this.#session) return;
    this.#session = undefined;
    this.#closeSockets(ended);
    if (this.#isStopping) return;
    if (ended.kind === "snapshot received") return this.#endWith(() => say({ kind: "received" }));
    const refusal = obeyedRefusal(ended, { logEpoch: this.log.epoch, highestEpoch: this.highestEpoch });
    if (refusal === RefusalCode.Diverged) return this.#diverged();
    if (refusal !== undefined) {
      const who = `${session.primary} at ${this.#peer}`;
      return this.fail(
        new SeriatimError("REPLICA_REFUSED", `${who}: ${REMEDIES[refusal] ?? endingWords(ended)}`),
      );
    }
    say({ kind: "lost", how: `${this.#peer}: ${session.why ?? fault ?? this.#wordsOf(session, ended)}` });
    const isRoundOver = this.#tries % data.primaries.length === 0;
    this.#retry = setTimeout(() => this.#connect(), isRoundOver ? RETRY_MS : 0);
  }

  /** What most often is wrong with an address. */
  #wordsOf({ primary }: FollowingSession, ended: SessionEnd): string {
    if (primary === this.name) return "this node itself listens there, or another one with its key";
    const isSilent = ended.kind === "silent" || ended.kind === "bad stream";
    return `${endingWords(ended)}${primary === "" && isSilent ? ": is it a replication port?" : ""}`;
  }

  /**
   * Only a refusal is still to be sent. Otherwise at once: a machine that has lost power would keep a connection that is
   * being made, or that has something to send to it, for minutes.
   */
  #closeSockets(ended: SessionEnd): void {
    for (const socket of this.#sockets) {
      if (ended.kind === "refused") socket.destroySoon();
      else socket.destroy();
    }
  }

  #diverged(): void {
    const { position, chain } = this.log;
    this.#endWith(() => say({ kind: "diverged", end: { position, chain } }));
  }

  /** With the last word that `say` says, when the journal is closed. */
  #endWith(say: () => void): void {
    this.#guarded(() => {
      this.#leave();
      this.log.close();
      say();
      parentPort?.close();
    });
  }

  fail(error: unknown): void {
    this.#leave();
    endFailed(error);
  }

  hear(request: ReplicaWorkerRequest): void {
    if (request.kind === "stop") return this.#stop();
    if (request.kind === "ask") {
      void this.#ask(request.peers).then((standings) =>
        say({ kind: "standings", id: request.id, standings }),
      );
      return;
    }
    this.#guarded(() => {
      this.log.sync();
      say({ kind: "durable", id: request.id, position: this.log.persisted });
    });
  }

  async #ask(alsoPeers: boolean): Promise<Standings> {
    const { name, keys, nonce } = this;
    const { log } = this;
    const peers = alsoPeers
      ? await askPeers(data.primaries, { name, keys, nonce, checksums, log }, data.tls?.ca)
      : [];
    const own = this.#standing.of(clock.monotonicMicros());
    return { own: { name, ...own, promised: this.highestEpoch }, peers };
  }

  /** Where its journal ends. */
  #end(): LogPoint {
    const { epoch, position, chain } = this.log;
    return { epoch, position, chain };
  }

  #stop(): void {
    const { isWarm, mayLack } = this;
    const end = { ...this.#end(), isWarm, mayLack };
    this.#endWith(() => say({ kind: "closed", end }));
  }

  #leave(): void {
    this.#isStopping = true;
    this.#listener.close();
    clearInterval(this.#ticker);
    clearTimeout(this.#retry);
    this.#session?.close();
    for (const socket of this.#sockets) socket.destroy();
  }
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
