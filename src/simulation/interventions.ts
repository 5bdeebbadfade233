// An administrator who halts trading, or switches an account, a symbol or everything off, now and then, in half of the runs, and
// takes it back a moment later. He says it to whoever serves, waits until he is answered, which is when it is safe, and says
// it again, to whoever serves then, when no answer comes: each time under another name, so that the log can be asked for it.
//
// From the answer until he takes it back no order that is sent may be taken, whoever leads by then. What is judged by it:
// restriction-judge.ts.

import type { Prng } from "../base/index.ts";
import type { AdminCommand } from "../protocol/index.ts";
import type { EventQueue } from "./event-queue.ts";
import { PrimaryNode } from "./primary-node.ts";
import type { SimulatedMachine } from "./simulated-machine.ts";

const CHANCE = 0.5;
/** Between two of them, and how long each lasts: most of the requests of a run are made while there is none. */
const BETWEEN_US = [50_000, 1_500_000] as const;
const LASTING_US = [20_000, 400_000] as const;
/** Between two looks for an answer; without one for so long he says it again. */
const LOOK_US = 10_000;
const ANSWER_US = 2_000_000;

/** Of whom nothing is taken. */
export type Restriction =
  | { readonly kind: "all" }
  | { readonly kind: "account"; readonly account: number }
  | { readonly kind: "symbol"; readonly symbol: number };

/** One that was answered: from then on until it was taken back. */
export interface InForce {
  /** The name under which it was said. */
  readonly who: string;
  readonly what: Restriction;
  readonly from_us: number;
  to_us: number;
}

/** A command that was answered. */
export interface AnsweredCommand {
  readonly who: string;
  readonly position: number;
}

type Wanted = { readonly what: Restriction; readonly isHalt: boolean };

export class Interventions {
  readonly inForce: InForce[] = [];
  readonly answered: AnsweredCommand[] = [];
  readonly #machines: readonly SimulatedMachine[];
  readonly #prng: Prng;
  readonly #queue: EventQueue;
  readonly #until_us: number;
  readonly #accounts: number;
  /** False: there is none in this run. */
  readonly isPlanned: boolean;
  #said = 0;

  /** None begins from `until_us` on; accounts are 1 .. `accounts`. */
  constructor(
    machines: readonly SimulatedMachine[],
    prng: Prng,
    queue: EventQueue,
    until_us: number,
    accounts: number,
  ) {
    this.#machines = machines;
    this.#prng = prng;
    this.#queue = queue;
    this.#until_us = until_us;
    this.#accounts = accounts;
    this.isPlanned = prng.chance(CHANCE);
    if (this.isPlanned) this.#planNext();
  }

  #planNext(): void {
    this.#queue.plan(this.#prng.between(...BETWEEN_US), () => {
      if (this.#queue.now_us < this.#until_us) this.#restrict(this.#draw());
    });
  }

  #draw(): Wanted {
    const isHalt = this.#prng.chance(0.4);
    if (isHalt || this.#prng.chance(0.2)) return { what: { kind: "all" }, isHalt };
    const ofAccount = this.#prng.chance(0.6);
    if (!ofAccount) return { what: { kind: "symbol", symbol: this.#prng.between(0, 1) }, isHalt };
    return { what: { kind: "account", account: this.#prng.between(1, this.#accounts) }, isHalt };
  }

  #restrict(wanted: Wanted): void {
    this.#say(wanted, true, (who) => {
      const from_us = this.#queue.now_us;
      const inForce = { who, what: wanted.what, from_us, to_us: Number.POSITIVE_INFINITY };
      this.inForce.push(inForce);
      this.#queue.plan(this.#prng.between(...LASTING_US), () => {
        inForce.to_us = this.#queue.now_us;
        this.#say(wanted, false, () => this.#planNext());
      });
    });
  }

  /** Until somebody has answered it. */
  #say(wanted: Wanted, on: boolean, done: (who: string) => void): void {
    const by = this.#machines.map(({ node }) => node).find((node) => node?.isServing);
    const who = `ann${this.#said}`;
    const position = by instanceof PrimaryNode ? by.administer(commandOf(wanted, on, who)) : undefined;
    if (position === undefined) return this.#queue.plan(LOOK_US, () => this.#say(wanted, on, done));
    this.#said++;
    const given_us = this.#queue.now_us;
    const look = (): void => {
      const isUp = this.#machines.some(({ node }) => node === by);
      if (isUp && by !== undefined && by.releasedPosition >= position) {
        this.answered.push({ who, position });
        return done(who);
      }
      if (!isUp || this.#queue.now_us - given_us > ANSWER_US) return this.#say(wanted, on, done);
      this.#queue.plan(LOOK_US, look);
    };
    look();
  }
}

function commandOf({ what, isHalt }: Wanted, on: boolean, who: string): AdminCommand {
  if (isHalt) return { kind: on ? "halt" : "resume", who };
  const kind = "kill_switch";
  if (what.kind === "account") return { kind, scope: "account", account: what.account, on, who };
  if (what.kind === "symbol") return { kind, scope: "symbol", symbol: what.symbol, on, who };
  return { kind, scope: "all", on, who };
}

/** Whether it is the order of `account`, for `symbol`, that it stops. */
export function stops(what: Restriction, account: number, symbol: number): boolean {
  if (what.kind === "account") return what.account === account;
  return what.kind === "all" || what.symbol === symbol;
}
