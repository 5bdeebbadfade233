// The course of a node that is to lead: what it is told of the others, and what follows, step by step. Threads and timers are its
// owner's: a simulation goes the same course.
//
//   standing    it decides by what it hears, whenever it looks: may it ask for promises, or must it not lead?
//   gathering   its epoch is promised on this disk, then replicas are welcomed in it; above, when one has promised more
//   begun       enough have promised, or an administrator answers for it: no way back

import { type Clock, SAFE_MAX, SeriatimError } from "../../base/index.ts";
import { NodeRole } from "../../protocol/index.ts";
import type { AckPolicyName, PeerStanding } from "../../replication/index.ts";
import type { Recovered } from "../journal-stage.ts";
import type { WarmState } from "../restore-snapshot.ts";
import type { NodeIdentity } from "./keys.ts";
import type { Promises } from "./promise.ts";
import { clusterOf, type Judgement, judgedBy, judgement, type SaidInLog } from "./said-in-log.ts";
import { Candidacy, type Tenure, type TenureBegun } from "./tenure.ts";

/** Between two looks, while a node waits, whether a peer has fallen silent. */
export const TENURE_LOOK_MS = 500;

/** What a node is judged by that is to lead. */
export interface Candidate {
  readonly candidacy: Candidacy;
  readonly promises: Promises;
  /** For who asks. */
  readonly judgedBy: AckPolicyName;
}

/** Of a node with that log. `warm`: how it stood as a replica that was told to lead; its primary's disk is another node's. */
export function candidateOf(
  identity: Omit<NodeIdentity, "keys">,
  said: SaidInLog,
  promises: Promises,
  { epoch, position, mayLack }: Pick<Recovered, "epoch" | "position" | "mayLack">,
  warm: Pick<WarmState, "isWarm" | "mayLack"> | undefined,
  clock: Clock,
): Candidate & { readonly mayLack: boolean } {
  const end = { epoch, position, promised: promises.epoch };
  const unknown = { role: NodeRole.Waiting, primaryHeard_us: SAFE_MAX };
  const own =
    warm === undefined
      ? { ...end, mayLack }
      : {
          ...{ name: identity.name, ...end, persisted: position, ...unknown },
          ...{ isWarm: warm.isWarm, mayLack: warm.mayLack },
        };
  const candidacy = new Candidacy(own, identity.seat, clusterOf(said, identity), clock);
  return { candidacy, promises, judgedBy: judgedBy(said), mayLack: own.mayLack };
}

export interface TenureSteps {
  /** It does not lead yet, and why. */
  wait(because: string): void;
  /** Replicas are welcomed in this epoch from now on, and in no other. */
  gather(epoch: number): void;
  /** Resolves when this node leads; rejects with what the journal says. */
  begin(tenure: Tenure): Promise<TenureBegun>;
  /** This node must not lead, or not any more, or can't. */
  end(why: SeriatimError): void;
}

export class TenureCourse {
  readonly #candidate: Candidate;
  readonly #steps: TenureSteps;
  /** The tenure that promises are gathered for. */
  #gathering: Tenure | undefined;
  #isStanding = false;
  #hasStarted = false;
  #hasBegun = false;
  #hasStoodDown = false;

  constructor(candidate: Candidate, steps: TenureSteps) {
    this.#candidate = candidate;
    this.#steps = steps;
  }

  /** In `tenure`, where it is decided that this node leads; otherwise it stands until it is certain that it may. */
  start(tenure: Tenure | undefined): void {
    this.#hasStarted = true;
    if (tenure !== undefined) return this.#gather(tenure);
    this.#isStanding = true;
    this.#decide();
  }

  /** A peer may have fallen silent. False: there is nothing to decide any more. */
  look(): boolean {
    if (this.#isStanding) this.#decide();
    return this.#isStanding;
  }

  heard(peer: PeerStanding): void {
    this.#candidate.candidacy.hear(peer);
    this.look();
  }

  #decide(): void {
    const decision = this.#candidate.candidacy.decide();
    if (decision.kind === "wait") return this.#wait(decision.because);
    this.#isStanding = false;
    if (decision.kind === "lead") this.#gather({ epoch: decision.epoch });
    else this.#steps.end(fenced(decision.because));
  }

  #wait(because: string): void {
    this.#steps.wait(`this node does not lead yet: ${because}`);
  }

  /** First it promises itself: so it can't choose the epoch a second time, for another history. */
  #gather(asked: Tenure): void {
    const tenure = { ...asked, epoch: this.#candidate.candidacy.begin(asked.epoch) };
    this.#gathering = tenure;
    if (this.#promise(tenure.epoch) !== undefined) return;
    this.#steps.gather(tenure.epoch);
    this.#beginIfPromised(tenure);
  }

  #beginIfPromised(tenure: Tenure): void {
    if (this.#hasBegun || this.#hasStoodDown) return;
    const { isPromised, followers } = this.#candidate.candidacy;
    if (tenure.forcedBy !== undefined || isPromised) {
      // A journal that fails has ended the node by itself; whatever else keeps it from leading ends it too.
      this.#begin(tenure).catch((error) => this.#hasStoodDown || this.#steps.end(error));
    } else this.#wait(`${followers} promised to follow it in epoch ${tenure.epoch}`);
  }

  #begin(tenure: Tenure): Promise<TenureBegun> {
    this.#hasBegun = true;
    this.#isStanding = false;
    // Who is asked why nothing is taken must not name the others any more.
    this.#wait(`its disk does not have the beginning of epoch ${tenure.epoch} yet`);
    return this.#steps.begin(tenure);
  }

  promised(epoch: number, peer: PeerStanding): void {
    const tenure = this.#gathering;
    if (tenure === undefined || tenure.epoch !== epoch) return;
    this.#candidate.candidacy.promise(peer);
    this.#beginIfPromised(tenure);
  }

  outpromised(replica: string, epoch: number): void {
    const tenure = this.#gathering;
    if (tenure === undefined || epoch <= tenure.epoch) return;
    if (!this.#hasBegun)
      return this.#gather({ ...tenure, epoch: this.#candidate.candidacy.epochAbove(epoch) });
    // The next start of this node is above it.
    this.#promise(epoch);
    const what = `${replica} has promised to follow epoch ${epoch}, this node leads in ${tenure.epoch}`;
    this.#steps.end(fenced(what));
  }

  /** Promises `epoch` on this disk. One that refuses ends the node: what it holds now, nobody knows. Returns what it says. */
  #promise(epoch: number): SeriatimError | undefined {
    try {
      this.#candidate.promises.keep(epoch);
    } catch (error) {
      if (!(error instanceof SeriatimError)) throw error;
      this.#hasBegun = true;
      this.#steps.end(error);
      return error;
    }
  }

  /**
   * Leads by an administrator's word, although others could not be heard or have not promised; journaled with who gave it.
   * Throws NOT_AVAILABLE: it leads already, or a node that was heard stands against it.
   */
  async force(who: string): Promise<TenureBegun & Judgement> {
    if (this.#hasBegun || this.#hasStoodDown || !this.#hasStarted) {
      throw new SeriatimError("NOT_AVAILABLE", "not available: this node does not wait to lead");
    }
    const { candidacy, judgedBy } = this.#candidate;
    const decision = candidacy.force();
    if (decision.kind !== "lead")
      throw new SeriatimError("NOT_AVAILABLE", `not available: ${decision.because}`);
    const by = judgement(judgedBy, candidacy.peers);
    const tenure = { epoch: this.#gathering?.epoch ?? decision.epoch, forcedBy: who };
    const failure = this.#promise(tenure.epoch);
    if (failure !== undefined) throw failure;
    this.#gathering = tenure;
    this.#steps.gather(tenure.epoch);
    return { ...(await this.#begin(tenure)), ...by };
  }

  /** The journal is about to be closed: a tenure that can't begin now is no failure. */
  standDown(): void {
    this.#hasStoodDown = true;
    this.#isStanding = false;
  }
}

/** Why a node must not lead, or not go on. */
export function fenced(why: string): SeriatimError {
  const remedy = "it can come back as a replica (--replica-of)";
  return new SeriatimError("FENCED", `this node must not go on as primary: ${why}; ${remedy}`);
}
