// What makes a simulated node one that leads a cluster, or waits to: the real course of its tenure, the real side that others
// see, the newest frames, the gate; on a simulated port and timers, as the runtime has them on threads (runtime/replication/primary.ts,
// serving-worker.ts). What these two say to each other is a moment on its way.

import type { SeriatimError } from "../base/index.ts";
import { EXCHANGE_APPLICATION } from "../engine/index.ts";
import { JOURNAL_LOG, type JournalWriter, OutgoingSnapshots } from "../journal/index.ts";
import { NativeChecksums } from "../platform/index.ts";
import {
  ACK_VIEW_BYTES,
  AckView,
  createLiveFrames,
  History,
  LiveFrames,
  LiveReader,
} from "../replication/index.ts";
import {
  AckGate,
  beginTenure,
  type CommandPath,
  candidateOf,
  type JournalStage,
  policyWasChanged,
  type SaidInLog,
  ServingSide,
  TENURE_LOOK_MS,
  type Tenure,
  type TenureBegun,
  TenureCourse,
} from "../runtime/index.ts";
import { askPeers } from "./asking.ts";
import type { BoundCheck } from "./bounds.ts";
import { ServingPort } from "./session-links.ts";
import { simulatedKeys } from "./simulated-keys.ts";
import { identityOf, promisesOn, REPLICATION_PORT, type Site, TICK_US } from "./site.ts";

/** From one thread of a node to another. */
const MESSAGE_US = 20;

const checksums = new NativeChecksums();

export interface PrimaryParts {
  readonly path: CommandPath;
  readonly stage: Pick<JournalStage, "ask">;
  readonly said: SaidInLog;
  /** Its disk may lack what it once said it had. */
  readonly mayLack: boolean;
  /** As a replica that was told to lead; as in a Standing. */
  readonly warm: { readonly isWarm: boolean; readonly mayLack: boolean } | undefined;
  readonly onWork: () => void;
  /** It must not lead, or not any more, or can't. */
  readonly onEnd: (how: "fenced" | "failed", why: string) => void;
  readonly onTenure: () => void;
}

export class PrimaryCluster {
  readonly gate: AckGate;
  readonly #site: Site;
  readonly #parts: PrimaryParts;
  readonly #cluster: readonly string[];
  readonly #port: ServingPort;
  readonly #side: ServingSide;
  readonly #course: TenureCourse;
  #because = "";

  constructor(site: Site, journal: JournalWriter, parts: PrimaryParts) {
    const { name, host, cluster, clock, disk } = site;
    this.#site = site;
    this.#parts = parts;
    const identity = identityOf(name, cluster);
    this.#cluster = identity.cluster;
    const { said } = parts;
    const view = new SharedArrayBuffer(ACK_VIEW_BYTES);
    const policyName = said.ackPolicy ?? cluster.policy;
    const wasChanged = policyWasChanged(said, identity);
    this.gate = new AckGate({ policyName, replicas: identity.others.length, view, wasChanged });
    const end = { epoch: journal.epoch, position: journal.position, mayLack: parts.mayLack };
    const candidate = candidateOf(identity, said, promisesOn(disk), end, parts.warm, clock);
    this.#course = new TenureCourse(candidate, {
      wait: (because) => this.#wait(because),
      gather: (epoch) => this.#gather(epoch),
      begin: (tenure) => this.#lead(tenure),
      end: (why) => this.#end(why),
    });
    this.#side = this.#sideOf(journal, view, candidate.mayLack);
    this.#port = new ServingPort(site, this.#side, parts.onWork);
    host.listen({ host: name, port: REPLICATION_PORT }, this.#port);
  }

  #sideOf(journal: JournalWriter, memory: SharedArrayBuffer, mayLack: boolean): ServingSide {
    const { name, cluster, disk: storage, files, nonce } = this.#site;
    const frames = createLiveFrames(cluster.limits.liveBytes);
    journal.tap(new LiveFrames(frames, journal.position, journal.epoch));
    const { others, cluster: names } = identityOf(name, cluster);
    const course = this.#course;
    return new ServingSide(
      {
        ...{ name, keys: simulatedKeys(name, cluster.names), checksums, nonce, others, cluster: names },
        history: new History({ storage, checksums, directory: files.journal, log: JOURNAL_LOG }),
        snapshots: new OutgoingSnapshots(
          { storage, checksums, directory: files.snapshots },
          EXCHANGE_APPLICATION,
        ),
        ...{ frames, live: new LiveReader(frames), view: new AckView(memory) },
        ...{ segmentBytes: cluster.limits.segmentBytes, mayLack },
      },
      {
        heard: (peer) => this.#post(() => course.heard(peer)),
        promised: (epoch, peer) => this.#post(() => course.promised(epoch, peer)),
        outpromised: (replica, epoch) => this.#post(() => course.outpromised(replica, epoch)),
        mustStop: (why) => this.#post(() => this.#parts.onEnd("fenced", why)),
        endSessions: () => this.#port.connections.endSessions(),
      },
    );
  }

  /** From one thread to the other. */
  #post(act: () => void): void {
    this.#site.plan(MESSAGE_US, () => {
      act();
      this.#parts.onWork();
    });
  }

  /** Without `tenure` it waits until the other nodes have shown that it may lead. */
  begin(tenure: Tenure | undefined): void {
    this.#tick();
    this.#askOn();
    this.#course.start(tenure);
    this.#look();
    this.#parts.onWork();
  }

  /** As an administrator says to a node that waits; `done` is told why not, or nothing. */
  force(who: string, done: (refusal: string | undefined) => void): void {
    this.#course.force(who).then(
      () => done(undefined),
      (error) => done(String(error)),
    );
    this.#parts.onWork();
  }

  #tick(): void {
    this.#port.connections.tick();
    this.#parts.onWork();
    this.#site.plan(TICK_US, () => this.#tick());
  }

  #askOn(): void {
    askPeers(this.#site, this.#side.asking, (answers) => {
      for (const peer of answers) this.#side.answered(peer);
      this.#site.plan(this.#side.askAgain_ms * 1_000, () => this.#askOn());
    });
  }

  #look(): void {
    const looks = this.#course.look();
    this.#parts.onWork();
    if (looks) this.#site.plan(TENURE_LOOK_MS * 1_000, () => this.#look());
  }

  #wait(because: string): void {
    if (because !== this.#because) this.#site.witness.tell(this.#site.name, because);
    this.#because = because;
    this.gate.wait(because);
  }

  /** Replicas are welcomed in that epoch, to promise that they follow nothing older. */
  #gather(epoch: number): void {
    const { witness, name } = this.#site;
    witness.onGathering?.(name);
    this.#post(() => this.#side.gather(epoch));
  }

  async #lead(tenure: Tenure): Promise<TenureBegun> {
    const { name, witness } = this.#site;
    const { stage, path, onTenure } = this.#parts;
    if (tenure.forcedBy !== undefined) witness.forces(name, tenure.epoch);
    const begun = await beginTenure(tenure, this.#cluster, name, stage, path, this.gate);
    this.#post(() => this.#side.lead());
    witness.tell(name, `leads in epoch ${begun.epoch}`);
    onTenure();
    return begun;
  }

  #end({ code, message }: SeriatimError): void {
    this.#parts.onEnd(code === "FENCED" ? "fenced" : "failed", message);
  }

  bounds(check: BoundCheck): void {
    this.#port.bounds(check);
  }

  /** New frames go out. */
  pump(): void {
    this.#port.connections.pump();
  }
}
