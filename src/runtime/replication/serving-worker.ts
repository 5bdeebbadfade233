// The replication thread of a node that is to lead: its listener, a session for each replica, and the questions to other
// nodes. It shares two pieces of memory with the other threads: the newest frames, which the journal's thread puts there,
// and the view, which the gate reads. The node's own thread has no work per replica but that look.
//
// What it says to the others, and tells the node of them: serving-side.ts.

import { parentPort, workerData } from "node:worker_threads";
import { SeriatimError } from "../../base/index.ts";
import { type ApplicationVersion, JOURNAL_LOG, OutgoingSnapshots } from "../../journal/index.ts";
import { makeNonce, NativeChecksums, NodeStorage, type PeerTls } from "../../platform/index.ts";
import { AckView, History, LiveReader, type PeerStanding } from "../../replication/index.ts";
import { askPeers, type HostPort } from "./asking.ts";
import { readIdentity } from "./keys.ts";
import { ServingListener } from "./serving-listener.ts";
import { ServingSide } from "./serving-side.ts";

export interface ServingWorkerData {
  readonly host: string;
  readonly port: number;
  readonly peers: readonly HostPort[];
  /** Of its listener and of its questions; plain TCP without. */
  readonly tls?: PeerTls | undefined;
  readonly keys: string;
  readonly ownKey: string;
  readonly journal: string;
  /** Its snapshots, and whose they must be; without a version none is sent. */
  readonly snapshots: string;
  readonly version: ApplicationVersion | undefined;
  /** As in a Standing, until it leads: who leads knows that nothing is missing, or somebody answers for it. */
  readonly mayLack: boolean;
  readonly segmentBytes: number;
  /** Says where the log ends, too. */
  readonly live: SharedArrayBuffer;
  readonly view: SharedArrayBuffer;
}

export type ServingWorkerMessage =
  | { readonly kind: "listening"; readonly port: number }
  | { readonly kind: "heard"; readonly peer: PeerStanding }
  /** It follows nothing below `epoch` any more. */
  | { readonly kind: "promised"; readonly epoch: number; readonly peer: PeerStanding }
  /** A replica has promised a higher epoch, this one, than it was welcomed in. */
  | { readonly kind: "outpromised"; readonly name: string; readonly epoch: number }
  | { readonly kind: "connected"; readonly name: string; readonly row: number; readonly position: number }
  | { readonly kind: "sends snapshot"; readonly name: string; readonly position: number }
  | { readonly kind: "ended"; readonly name: string; readonly how: string }
  | { readonly kind: "refused"; readonly line: string }
  /** Its own log can't be read where a replica needs it. */
  | { readonly kind: "damaged"; readonly why: string }
  | { readonly kind: "must stop"; readonly why: string }
  | { readonly kind: "failed"; readonly code: string; readonly message: string };

export type ServingWorkerRequest =
  | { readonly kind: "gather"; readonly epoch: number }
  /** The epoch gathered for has begun. */
  | { readonly kind: "lead" }
  | { readonly kind: "stop" };

const data = workerData as ServingWorkerData;
const checksums = new NativeChecksums();
const { name, keys, others, cluster } = readIdentity(data.keys, data.ownKey);
const view = new AckView(data.view);
const live = new LiveReader(data.live);
const storage = new NodeStorage();
const history = new History({ storage, checksums, directory: data.journal, log: JOURNAL_LOG }, (why) =>
  say({ kind: "damaged", why }),
);
const snapshots =
  data.version && new OutgoingSnapshots({ storage, checksums, directory: data.snapshots }, data.version);
let isStopping = false;

function say(message: ServingWorkerMessage): void {
  parentPort?.postMessage(message);
}

const side = new ServingSide(
  {
    ...{ name, keys, checksums, nonce: makeNonce, others, cluster, history, snapshots, live, view },
    ...{ frames: data.live, segmentBytes: data.segmentBytes, mayLack: data.mayLack },
  },
  {
    heard: (peer) => say({ kind: "heard", peer }),
    promised: (epoch, peer) => say({ kind: "promised", epoch, peer }),
    outpromised: (replica, epoch) => say({ kind: "outpromised", name: replica, epoch }),
    mustStop: (why) => say({ kind: "must stop", why }),
    endSessions: () => listener.endSessions(),
  },
);

const listener = new ServingListener(
  side,
  {
    connected: (replica, row, position) => say({ kind: "connected", name: replica, row, position }),
    sendsSnapshot: (replica, position) => say({ kind: "sends snapshot", name: replica, position }),
    ended: (replica, how) => say({ kind: "ended", name: replica, how }),
    refused: (line) => say({ kind: "refused", line }),
  },
  data.tls,
);

async function askOn(): Promise<void> {
  while (!isStopping && data.peers.length > 0) {
    for (const peer of await askPeers(data.peers, side.asking, data.tls?.ca)) side.answered(peer);
    await new Promise((resolve) => setTimeout(resolve, side.askAgain_ms).unref());
  }
}

function stop(): void {
  isStopping = true;
  listener.close();
  parentPort?.close();
}

parentPort?.on("message", (request: ServingWorkerRequest) => {
  if (request.kind === "gather") side.gather(request.epoch);
  else if (request.kind === "lead") side.lead();
  else stop();
});
try {
  say({ kind: "listening", port: await listener.listen(data.host, data.port) });
  void listener.follow(live);
  void askOn();
} catch (error) {
  if (!(error instanceof SeriatimError)) throw error;
  say({ kind: "failed", code: error.code, message: error.message });
}
