// Random flows that mean something: orders near a moving market, cancels and modifies of orders that probably rest,
// and a share of everything that can be wrong. Same profile, seed and length, same flow, on every machine.
// The generator keeps no book: it only remembers what it sent.

import { Prng, SAFE_MAX, U32_MAX } from "../base/index.ts";
import {
  ACK_POLICY_NAMES,
  ALL_SYMBOLS,
  type Flow,
  type FlowCommand,
  type FlowMeta,
  type FlowOrderCommand,
  type FlowRequest,
  flowVersionOf,
  Side,
  TimeInForce,
} from "../protocol/index.ts";
import { FLOW_PROFILES, type FlowProfile, type FlowProfileName, type OnceChances } from "./flow-profiles.ts";
import { pickWeighted, SessionDraws } from "./flow-sessions.ts";
import { PriceWalk, priceBehind } from "./price-walk.ts";

interface SentOrder {
  readonly symbol: number;
  readonly account: number;
  readonly id: bigint;
  readonly side: Side;
  readonly price: bigint;
}

/** How the n-th new id is made: small, spread over all 64 bits, or all in the high lane. */
const ID_STYLES: readonly ((n: bigint) => bigint)[] = [
  (n) => n,
  (n) => BigInt.asUintN(64, n * 0x9e3779b97f4a7c15n),
  (n) => BigInt.asUintN(64, n << 32n),
];
const EXTREME_IDS = [0n, 1n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n];
const BAD_PRICES = [0n, -1n, -100n, -(2n ** 63n), 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n];
/** Windows of ticks are powers of two wide, 4096 to 131072, and lie half on each side of the market. */
const EDGE_BITS_MIN = 11;
const EDGE_BITS_MAX = 17;
/** Who gives administrative commands; the longest name there is, and the shortest. */
const NAMES = ["a", "operations", "0123456789abcdef"];
/** Shares of administrative commands: a halt ends soon, or nothing else would be tried. */
const ADMINISTRATION = {
  kill_switch: 10,
  halt: 1,
  resume: 6,
  tenure: 1,
  ack_policy: 1,
  forced_start: 1,
  promotion: 1,
};
/** Where request numbers begin: also where a lane and the sign carry. */
const FIRST_REQUESTS = [1n, 2n ** 32n - 300n, 2n ** 63n - 300n, 1_700_000_000_000_000n];
/** An earlier request number is at most this far back, and an earlier request one of so many: both beyond what an engine remembers. */
const REQUESTS_BACK = 2_000;
/** Answer limits drawn; small, so that sweeps exceed them. */
const ANSWER_LIMIT_FILLS_MAX = 3;

/** A flow of `commands` commands besides its first registrations, without outcomes. */
export function generateFlow(profile: FlowProfileName, seed: number, commands: number): Flow {
  return new FlowGenerator(FLOW_PROFILES[profile], seed).flow(seed, commands);
}

class FlowGenerator {
  readonly #profile: FlowProfile;
  readonly #random: Prng;
  readonly #walks: PriceWalk[];
  readonly #maxNotional: number;
  readonly #newId: (n: bigint) => bigint;
  #idsMade = 0n;
  #epoch = 0;
  #names: string[] = [];
  #sent: SentOrder[] = [];
  /** The newest request number. Some are passed over. */
  #request: bigint;
  #requests: FlowRequest[] = [];
  readonly #sessions: SessionDraws;

  constructor(profile: FlowProfile, seed: number) {
    const { prices, quantities, symbols } = profile;
    this.#profile = profile;
    this.#random = new Prng(seed);
    const start = this.#random.pick(prices.start);
    this.#walks = Array.from({ length: symbols + 1 }, () => new PriceWalk(prices, start, this.#random));
    this.#maxNotional = quantities.maxNotional ?? Math.min(SAFE_MAX, 2 * start * quantities.usual_lots);
    this.#newId = this.#random.pick(ID_STYLES);
    this.#sessions = new SessionDraws(this.#random, this.#newId, profile.accounts);
    this.#request = profile.chances.once === undefined ? 0n : this.#random.pick(FIRST_REQUESTS);
  }

  flow(seed: number, commands: number): Flow {
    const { symbols, accounts, ordersMax, accountOrdersMax, quantities } = this.#profile;
    const steps = Array.from({ length: symbols }, () => this.#register());
    for (let i = 0; i < commands; i++) steps.push(this.#command());
    const meta: FlowMeta = {
      seed,
      symbols,
      orders: commands,
      maxQuantity: quantities.max_lots,
      maxNotional: this.#maxNotional,
      ...(ordersMax !== undefined && { ordersMax }),
      ...(accounts > 1 && { accountsMax: accounts }),
      ...(accountOrdersMax !== undefined && { accountOrdersMax }),
    };
    const flow = { meta, steps: steps.map((command) => ({ command, outcomes: [] })) };
    return { version: flowVersionOf(flow), ...flow };
  }

  #command(): FlowCommand {
    const { chances } = this.#profile;
    if (this.#random.chance(chances.register)) return this.#register();
    if (chances.administration !== undefined && this.#random.chance(chances.administration))
      return this.#administer();
    if (chances.sessions !== undefined && this.#random.chance(chances.sessions)) return this.#sessions.next();
    const isMass = chances.massCancel !== undefined && this.#random.chance(chances.massCancel);
    const command = isMass ? this.#massCancel() : this.#order();
    const { once } = chances;
    return once !== undefined && this.#random.chance(once.numbered) ? this.#number(command, once) : command;
  }

  #order(): FlowOrderCommand {
    const { weights } = this.#profile;
    const kind = pickWeighted(this.#random, weights);
    switch (kind) {
      case "limit":
        return this.#limit(TimeInForce.GoodTillCancel);
      case "immediate":
        return this.#limit(TimeInForce.ImmediateOrCancel);
      case "market":
        return this.#market();
      case "cancel":
        return { kind, ...this.#restingOrder() };
      case "modify":
        return this.#modify();
    }
  }

  /** `command` with a request number, or an earlier request again; it may come with another answer limit. */
  #number(command: FlowRequest, chances: OnceChances): FlowRequest {
    if (this.#requests.length > 0 && this.#random.chance(chances.repeated)) {
      const earlier = this.#random.pick(this.#requests.slice(-this.#random.pick([10, REQUESTS_BACK])));
      return "answerLimit" in earlier ? { ...earlier, answerLimit: this.#answerLimit() } : earlier;
    }
    const isEarlier = this.#random.chance(chances.earlier);
    if (!isEarlier) this.#request += BigInt(this.#random.between(1, 2));
    const back = isEarlier ? BigInt(this.#random.between(0, this.#random.pick([10, REQUESTS_BACK]))) : 0n;
    const once = this.#request > back ? this.#request - back : 0n;
    const numbered = { ...command, once };
    this.#requests.push(numbered);
    return numbered;
  }

  /** What was switched off is switched on again more often than off, so that most orders are looked at. */
  #administer(): FlowCommand {
    const who = this.#random.pick(NAMES);
    const kind = pickWeighted(this.#random, ADMINISTRATION);
    switch (kind) {
      case "kill_switch":
        return this.#killSwitch(who);
      case "tenure":
        return this.#tenure(who);
      case "ack_policy":
        return { kind, policy: this.#random.pick(ACK_POLICY_NAMES), who };
      default:
        return { kind, who };
    }
  }

  /** Every other one names its cluster. */
  #tenure(who: string): FlowCommand {
    const epoch = ++this.#epoch;
    if (epoch % 2 === 0) return { kind: "tenure", epoch, who };
    return { kind: "tenure", epoch, who, others: NAMES.filter((name) => name !== who).sort() };
  }

  #killSwitch(who: string): FlowCommand {
    const kind = "kill_switch";
    const scope = pickWeighted(this.#random, { account: 6, symbol: 3, all: 3 });
    const on = this.#random.chance(scope === "all" ? 0.2 : 0.35);
    if (scope === "symbol") {
      const symbol = this.#random.chance(0.1) ? this.#names.length : this.#symbol();
      return { kind, scope, symbol, on, who };
    }
    return scope === "all" ? { kind, scope, on, who } : { kind, scope, account: this.#account(), on, who };
  }

  #account(): number {
    return this.#random.between(0, this.#profile.accounts - 1);
  }

  /** One symbol or all, one side or both. */
  #massCancel(): FlowRequest {
    const symbol = this.#symbol();
    const [ofSymbol, ofSide] = [this.#random.chance(0.6), this.#random.chance(0.5)];
    return {
      kind: "mass_cancel",
      account: this.#account(),
      ...(ofSymbol && symbol !== ALL_SYMBOLS && { symbol }),
      ...(ofSide && { side: this.#side() }),
    };
  }

  /** A name of its own for each symbol the profile has and one more; after that, one of the known names again. */
  #register(): FlowCommand {
    const isNew = this.#names.length < this.#walks.length;
    const name = isNew ? `S${this.#names.length}` : this.#random.pick(this.#names);
    if (isNew) this.#names.push(name);
    return { kind: "reg", name };
  }

  #limit(timeInForce: TimeInForce): FlowOrderCommand {
    const target = this.#newTarget();
    const side = this.#side();
    const price = this.#price(target.symbol, side);
    const quantity = this.#quantity(price);
    if (timeInForce === TimeInForce.GoodTillCancel) this.#remember({ ...target, side, price });
    return { kind: "limit", ...target, side, price, quantity, timeInForce, answerLimit: this.#answerLimit() };
  }

  #market(): FlowOrderCommand {
    const target = this.#newTarget();
    const side = this.#side();
    return {
      kind: "market",
      ...target,
      side,
      quantity: this.#quantity(1n),
      answerLimit: this.#answerLimit(),
    };
  }

  #modify(): FlowOrderCommand {
    const order = this.#pickSent();
    const target = this.#restingOrder(order);
    const keepsPrice = order !== undefined && this.#random.chance(0.3);
    const price = keepsPrice ? order.price : this.#price(target.symbol, order?.side ?? this.#side());
    const quantity = this.#random.chance(0.05) ? 0 : this.#quantity(price);
    return { kind: "modify", ...target, price, quantity, answerLimit: this.#answerLimit() };
  }

  #side(): Side {
    return this.#random.chance(0.5) ? Side.Buy : Side.Sell;
  }

  #symbol(): number {
    if (!this.#random.chance(this.#profile.chances.unknownSymbol))
      return this.#random.between(0, Math.max(0, this.#names.length - 1));
    return this.#random.pick([this.#names.length, U32_MAX, 2 ** 31]);
  }

  /** Whose new order, on which symbol, under which id. */
  #newTarget(): { symbol: number; account: number; id: bigint } {
    const { chances, accounts } = this.#profile;
    const account = this.#random.between(0, accounts - 1);
    const symbol = this.#symbol();
    if (this.#random.chance(chances.extremeId))
      return { symbol, account, id: this.#random.pick(EXTREME_IDS) };
    if (this.#sent.length > 0 && this.#random.chance(chances.sameId)) {
      const { id, symbol: same, account: owner } = this.#random.pick(this.#sent);
      return this.#random.chance(0.7) ? { symbol: same, account: owner, id } : { symbol, account, id };
    }
    return { symbol, account, id: this.#newId(++this.#idsMade) };
  }

  /** An order that may rest still, or one that certainly does not. */
  #restingOrder(order = this.#pickSent()) {
    const { chances, accounts } = this.#profile;
    if (order === undefined || this.#random.chance(chances.unknownOrder)) {
      const account = this.#random.between(0, accounts - 1);
      return { symbol: this.#symbol(), account, id: order?.id ?? 1n };
    }
    const { symbol, account, id } = order;
    return this.#random.chance(chances.unknownSymbol)
      ? { symbol: U32_MAX, account, id }
      : { symbol, account, id };
  }

  #remember(order: SentOrder): void {
    if (this.#sent.length < this.#profile.memory) this.#sent.push(order);
    else this.#sent[this.#random.between(0, this.#sent.length - 1)] = order;
  }

  #price(symbol: number, side: Side): bigint {
    if (this.#random.chance(this.#profile.chances.badPrice)) return this.#random.pick(BAD_PRICES);
    const walked = (this.#walks[symbol] ?? this.#walks[0]).next(side);
    const near = this.#random.chance(this.#profile.prices.edge) ? this.#pickSent() : undefined;
    if (near === undefined) return BigInt(walked);
    const ticks = 2 ** this.#random.between(EDGE_BITS_MIN, EDGE_BITS_MAX) + this.#random.between(-1, 1);
    return BigInt(priceBehind(side, Number(near.price), ticks));
  }

  #pickSent(): SentOrder | undefined {
    return this.#sent.length === 0 ? undefined : this.#random.pick(this.#sent);
  }

  #quantity(price: bigint): number {
    const { chances, quantities } = this.#profile;
    if (this.#random.chance(chances.zeroQuantity)) return 0;
    if (this.#random.chance(chances.overQuantity)) return Math.min(U32_MAX, quantities.max_lots + 1);
    const most = price > 0n ? BigInt(this.#maxNotional) / price : 0n;
    const within = Number(most < BigInt(quantities.max_lots) ? most : BigInt(quantities.max_lots));
    if (this.#random.chance(chances.notionalEdge))
      return Math.min(U32_MAX, within + this.#random.between(0, 1));
    if (this.#random.chance(chances.sweep)) return Math.max(1, within);
    return this.#random.between(1, Math.max(1, Math.min(within, quantities.usual_lots)));
  }

  #answerLimit(): number {
    const isLimited = this.#random.chance(this.#profile.chances.answerLimit);
    return isLimited ? this.#random.between(1, ANSWER_LIMIT_FILLS_MAX) : 0;
  }
}
