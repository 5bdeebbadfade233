// The thread of a replica: opens its journal, hands every record to the application's thread, then follows the primary:
// stores its frames byte for byte, hands on their records, makes them safe, acknowledges. It connects again for as long as
// it runs. When its history is not the primary's it closes its journal and ends, for the node to begin anew.

import { connect, type Socket } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import { SeriatimError } from "../../base/index.ts";
import { JOURNAL_BEGINNING, type JournalWriter, openJournal } from "../../journal/index.ts";
import { makeNonce, NativeChecksums, NodeStorage, SystemClock } from "../../platform/index.ts";
import { COMMAND_BYTES, RefusalCode, type Welcome } from "../../protocol/index.ts";
import {
  type FollowingNode,
  FollowingSession,
  ReplicaStanding,
  type ServingNode,
  type SessionEnd,
} from "../../replication/index.ts";
import { FRAME_HEADER_BYTES, type LogPoint } from "../../segment/index.ts";
import { importRules } from "../record-rules.ts";
import { RecordSender } from "../record-sender.ts";
import { askPeers } from "./asking.ts";
import { readIdentity } from "./keys.ts";
import type {
  ReplicaWorkerData,
  ReplicaWorkerMessage,
  ReplicaWorkerRequest,
  Standings,
} from "./replica-messages.ts";
import { ServingListener } from "./serving-listener.ts";
import { SocketOutput } from "./socket-session.ts";

/** Between two tries to reach the primary. */
const RETRY_MS = 250;
const TICK_MS = 50;

const data = workerData as ReplicaWorkerData;
const clock = new SystemClock();
const checksums = new NativeChecksums();

function say(message: ReplicaWorkerMessage): void {
  parentPort?.postMessage(message);
}

/** Which refusals no new connection will change, and what a person can do. */
const FINAL: Readonly<Partial<Record<RefusalCode, string>>> = {
  [RefusalCode.NotAuthorised]: "one of the two nodes does not know the other's key: compare their keys files",
  [RefusalCode.NoSnapshot]:
    "the primary has retired the segments that this journal lacks: start from a copy of one of its snapshots",
};

class Replica implements FollowingNode {
  readonly name: string;
  readonly keys: FollowingNode["keys"];
  readonly checksums = checksums;
  readonly nonce = makeNonce;
  readonly log: FollowingNode["log"];
  readonly #standing: ReplicaStanding;
  readonly #listener: ServingListener;
  readonly #journal: JournalWriter;
  #session: FollowingSession | undefined;
  #socket: Socket | undefined;
  #retry: NodeJS.Timeout | undefined;
  #tries = 0;
  #isStopping = false;
  readonly #ticker = setInterval(() => this.#tick(), TICK_MS);

  constructor(journal: JournalWriter, sender: RecordSender) {
    const { name, keys } = readIdentity(data.keys, data.ownKey);
    this.name = name;
    this.keys = keys;
    this.#journal = journal;
    this.log = {
      get epoch() {
        return journal.position === 0 ? 0 : journal.epoch;
      },
      get position() {
        return journal.position;
      },
      get persisted() {
        return journal.durablePosition;
      },
      get chain() {
        return journal.chain;
      },
      sync: () => journal.sync(),
      append: (frame, segment) => {
        const broken = journal.appendFrame(frame, segment > journal.segment);
        if (broken !== undefined) return broken.reason;
        const words = new Int32Array(frame.buffer, frame.byteOffset, frame.length / 4);
        const count = Math.floor((frame.length - FRAME_HEADER_BYTES) / COMMAND_BYTES);
        sender.send(words, FRAME_HEADER_BYTES / 4, count);
        return undefined;
      },
    };
    this.#standing = new ReplicaStanding(this.log);
    this.#listener = new ServingListener(this.#asked(), { connected: () => {}, ended: () => {} });
  }

  get highestEpoch(): number {
    return this.#standing.highestEpoch;
  }

  /** It can be asked, not followed. */
  #asked(): ServingNode {
    return {
      ...{ name: this.name, keys: this.keys, checksums, nonce: makeNonce, primary: undefined },
      standing: (now_us) => this.#standing.of(now_us),
      claimed: () => {},
      mustStop: () => {},
    };
  }

  async listen(): Promise<void> {
    if (data.listen === undefined) return;
    const port = await this.#listener.listen(data.listen.host, data.listen.port);
    say({ kind: "listening", port });
  }

  welcomed(welcome: Welcome): void {
    const { epoch, segmentBytes } = welcome;
    this.#standing.welcomed(welcome);
    if (segmentBytes !== data.segmentBytes) {
      const what = `the primary's segments have ${segmentBytes} bytes, this node's ${data.segmentBytes}`;
      throw new SeriatimError("SEGMENT_LIMITS", `${what}: give --segment-bytes ${segmentBytes}`, {
        exitCode: 2,
      });
    }
    say({ kind: "following", primary: this.#session?.primary ?? "", epoch, position: this.log.position });
  }

  /** Nothing is shown here yet. */
  released(): void {}

  connect(): void {
    const socket = connect({ ...data.primaries[this.#tries++ % data.primaries.length], noDelay: true });
    const session = new FollowingSession(this, new SocketOutput(socket), clock.monotonicMicros());
    this.#socket = socket;
    this.#session = session;
    socket.on("data", (bytes) => this.#guarded(() => this.#received(session, bytes)));
    socket.on("error", () => {});
    socket.on("close", () => {
      session.close();
      this.#look(session);
    });
  }

  #received(session: FollowingSession, bytes: Uint8Array): void {
    const now_us = clock.monotonicMicros();
    session.received(bytes, now_us);
    if (session.isFollowing) this.#standing.heard(now_us);
  }

  #tick(): void {
    this.#session?.tick(clock.monotonicMicros());
    this.#guarded(() => this.#journal.prepareNext(true));
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

  #look(session: FollowingSession): void {
    const { ended } = session;
    if (ended === undefined || session !== this.#session) return;
    this.#session = undefined;
    this.#socket?.destroySoon();
    if (this.#isStopping) return;
    if (ended.kind === "refused by peer" && ended.code === RefusalCode.Diverged) return this.#diverged();
    const final = ended.kind === "refused by peer" ? FINAL[ended.code] : undefined;
    if (final !== undefined) return this.fail(new SeriatimError("REPLICA_REFUSED", final));
    say({ kind: "lost", how: session.why ?? describe(ended) });
    this.#retry = setTimeout(() => this.connect(), RETRY_MS);
  }

  #diverged(): void {
    this.#guarded(() => {
      const { position, chain } = this.#journal;
      this.#leave();
      this.#journal.close();
      say({ kind: "diverged", end: { position, chain } });
      parentPort?.close();
    });
  }

  fail(error: unknown): void {
    this.#leave();
    const known = error instanceof SeriatimError;
    const message = known ? error.message : `this is a bug in the replica: ${String(error)}`;
    say({ kind: "failed", code: known ? error.code : "BUG", message, exitCode: known ? error.exitCode : 1 });
    parentPort?.close();
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
      this.#journal.sync();
      say({ kind: "durable", id: request.id, position: this.#journal.durablePosition });
    });
  }

  async #ask(alsoPeers: boolean): Promise<Standings> {
    const { name, keys, nonce } = this;
    // The newest word it has of any tenure: who is asked may be of an older one, and does not know.
    const log = { ...this.#end(), epoch: this.highestEpoch, persisted: this.log.persisted };
    const peers = alsoPeers ? await askPeers(data.primaries, { name, keys, nonce, checksums, log }) : [];
    const { chain: _, ...own } = this.#standing.of(clock.monotonicMicros());
    return { own: { name, ...own }, peers };
  }

  /** Where its journal ends. */
  #end(): LogPoint {
    const { epoch, position, chain } = this.log;
    return { epoch, position, chain };
  }

  #stop(): void {
    if (this.#isStopping) return;
    const end = this.#end();
    this.#leave();
    this.#journal.close();
    say({ kind: "closed", end });
    parentPort?.close();
  }

  #leave(): void {
    this.#isStopping = true;
    this.#listener.close();
    clearInterval(this.#ticker);
    clearTimeout(this.#retry);
    this.#session?.close();
    this.#socket?.destroy();
  }
}

function describe(ended: SessionEnd): string {
  return "code" in ended ? `${ended.kind} (${ended.code})` : ended.kind;
}

async function open(sender: RecordSender): Promise<JournalWriter> {
  const options = {
    storage: new NodeStorage(),
    checksums,
    directory: data.directory,
    mode: "fsync" as const,
  };
  const rules = await importRules(data.rules);
  const { journal, scan } = openJournal(
    { ...options, rules, segmentBytes: data.segmentBytes, from: data.from ?? JOURNAL_BEGINNING },
    (words, at, count) => sender.send(words, at, count),
  );
  const cut_bytes = scan.verdict === "torn" ? scan.damagedBytes : 0;
  say({ kind: "opened", position: journal.position, cut_bytes, finding: scan.because });
  return journal;
}

const sender = new RecordSender(data.records);
try {
  const replica = new Replica(await open(sender), sender);
  parentPort?.on("message", (request: ReplicaWorkerRequest) => replica.hear(request));
  replica.connect();
  await replica.listen();
} catch (error) {
  const known = error instanceof SeriatimError;
  const message = known ? error.message : `this is a bug in the replica: ${String(error)}`;
  say({ kind: "failed", code: known ? error.code : "BUG", message, exitCode: known ? error.exitCode : 1 });
  parentPort?.close();
}
