// Judges halts and kill switches, by the log that is left and by what clients and the administrator were told:
//
//   answered        a command that the administrator had an answer to is in the log, at that position
//   in force        no order or modify behind it takes effect until it is taken back
//   switched off    of an account, a symbol or all nothing rests behind the command: by the events, not by the engine's books
//   from outside    an order that was sent when he had his answer is not accepted before he takes it back
//
// What a start by force gave up is excused: his command, and an answer, of such a history (forgiveness.ts).

import type { RecordBuffer } from "../base/index.ts";
import {
  type AdminCommand,
  CommandKind,
  CommandWord,
  checkAdminCommand,
  EventKind,
  EventWord,
} from "../protocol/index.ts";
import type { Forgiveness } from "./forgiveness.ts";
import { type Interventions, type Restriction, stops } from "./interventions.ts";
import type { SimulatedClient } from "./simulated-client.ts";

/** An order that rests, by the events. */
interface Resting {
  readonly account: number;
  readonly symbol: number;
}

const TAKES: readonly number[] = [CommandKind.NewOrder, CommandKind.Modify];

export class RestrictionJudge {
  readonly problems: string[] = [];
  /** By whom it was given. */
  readonly #positions = new Map<string, number>();
  /** As the log says: by what they are for. */
  readonly #inForce = new Map<string, Restriction>();
  readonly #resting = new Map<string, Resting>();
  #tookEffect = false;

  /** Where the command that was given under this name stands. */
  positionOf(who: string): number | undefined {
    return this.#positions.get(who);
  }

  /** Orders that rest. */
  get resting(): Iterable<Resting> {
    return this.#resting.values();
  }

  /** The command at `words[at]` was applied; of its events saw() was told. */
  after(words: Int32Array, at: number, position: number): void {
    const kind = words[at] & 0xff;
    const [account, symbol] = [words[at + CommandWord.account], words[at + CommandWord.symbol]];
    if (TAKES.includes(kind) && this.#tookEffect) {
      for (const [name, what] of this.#inForce)
        if (stops(what, account, symbol))
          this.problems.push(`position ${position}: an order of ${account} was taken in spite of ${name}`);
    }
    this.#tookEffect = false;
    if (kind === CommandKind.NewOrder) this.#dropImmediate(words, at);
    const command = RESTRICTING.includes(kind) ? checkAdminCommand(words, at) : undefined;
    if (command !== undefined) this.#administered(command, position);
  }

  /** What an immediate-or-cancel order did not trade is dropped without an event. */
  #dropImmediate(words: Int32Array, at: number): void {
    const timeInForce = words[at + CommandWord.kindSideTypeTif] >>> 24;
    if (timeInForce !== 0) this.#resting.delete(orderKey(words, at, CommandWord));
  }

  #administered(command: AdminCommand, position: number): void {
    this.#positions.set(command.who, position);
    const [name, what, isOn] = restrictionOf(command);
    if (isOn) this.#inForce.set(name, what);
    else this.#inForce.delete(name);
    if (command.kind !== "kill_switch" || !isOn) return;
    const left = [...this.#resting.values()].filter(({ account, symbol }) => stops(what, account, symbol));
    if (left.length > 0)
      this.problems.push(`position ${position}: ${name} left ${left.length} orders resting`);
  }

  /** Events of the command that is being applied. */
  saw({ words, count, recordWords }: RecordBuffer): void {
    for (let i = 0, at = 0; i < count; i++, at += recordWords) this.#see(words, at);
  }

  #see(words: Int32Array, at: number): void {
    const kind = words[at] & 0xff;
    if (kind === EventKind.Reject || kind === EventKind.Repeat) return;
    this.#tookEffect = true;
    const key = orderKey(words, at, EventWord);
    const order = { account: words[at + EventWord.account], symbol: words[at + EventWord.symbol] };
    if (kind === EventKind.Accept) this.#resting.set(key, order);
    else if (kind === EventKind.Cancel) this.#resting.delete(key);
    else if (kind === EventKind.Modify && words[at + EventWord.quantity] === 0) this.#resting.delete(key);
    else if (kind === EventKind.Trade) {
      if (words[at + EventWord.leaves] === 0) this.#resting.delete(key);
      if (words[at + EventWord.makerLeaves] === 0) this.#resting.delete(makerKey(words, at));
    }
  }

  /** What the administrator was told, and clients meanwhile. */
  check(
    { answered, inForce }: Pick<Interventions, "answered" | "inForce">,
    clients: readonly SimulatedClient[],
    forgiven: Pick<Forgiveness, "held" | "explained">,
  ): void {
    for (const { who, position } of answered)
      if (this.#positions.get(who) !== position && !forgiven.held(who, position))
        this.problems.push(`command ${who} was answered, and is not in the log at ${position}`);
    const inLog = inForce.filter(({ who }) => this.#positions.has(who));
    for (const { account, requests } of clients)
      for (const request of requests) {
        const { kind, outcome, idLow, symbol, asked_us, answered_us } = request;
        if (kind !== CommandKind.NewOrder || outcome !== "accepted" || forgiven.explained.has(request))
          continue;
        const broken = inLog.some(
          ({ what, from_us, to_us }) =>
            stops(what, account, symbol) && asked_us > from_us && answered_us < to_us,
        );
        if (broken) this.problems.push(`client ${account}, order ${idLow}: accepted while none was to be`);
      }
  }
}

const RESTRICTING: readonly number[] = [CommandKind.Halt, CommandKind.Resume, CommandKind.KillSwitch];

/** Its name, whom it stops, and whether from now on. */
function restrictionOf(command: AdminCommand): [name: string, what: Restriction, isOn: boolean] {
  if (command.kind !== "kill_switch") return ["a halt", { kind: "all" }, command.kind === "halt"];
  const { on } = command;
  const of = (which: string) => `a kill switch of ${which}`;
  if (command.scope === "account") {
    const { account } = command;
    return [of(`account ${account}`), { kind: "account", account }, on];
  }
  if (command.scope === "all") return [of("all"), { kind: "all" }, on];
  const { symbol } = command;
  return [of(`symbol ${symbol}`), { kind: "symbol", symbol }, on];
}

interface OrderWords {
  readonly account: number;
  readonly symbol: number;
  readonly orderIdLow: number;
}

function orderKey(words: Int32Array, at: number, word: OrderWords): string {
  return keyOf(words, at + word.account, at + word.symbol, at + word.orderIdLow);
}

function makerKey(words: Int32Array, at: number): string {
  return keyOf(words, at + EventWord.makerAccount, at + EventWord.symbol, at + EventWord.makerIdLow);
}

/** The id's high lane stands behind its low one. */
function keyOf(words: Int32Array, account: number, symbol: number, id: number): string {
  return `${words[account]} ${words[symbol]} ${words[id]} ${words[id + 1]}`;
}
