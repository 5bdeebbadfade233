// Clients that resume, under load over all that happens to the nodes, and their judge: each keeps what it was told of its
// orders, and that is held against a log computed again. The orders never rest, so nothing but their request numbers
// keeps them from being executed twice.

import { setTimeout as sleep } from "node:timers/promises";
import { connectResumingOrderEntry, type ResumingOrderEntryClient } from "../../src/client/index.ts";
import type { Recount } from "./recount.ts";

/** Orders of one client under way at once. */
const LANES = 4;
/** After a refusal: the node has too few replicas for a while. */
const REFUSED_MS = 20;
/** Between two orders of a lane: the log is read as a whole, again and again. */
const PACE_MS = 3;
const LOOK_MS = 1;
/** Far longer than a node is ever away. */
const PATIENCE_MS = 120_000;

/** What a client was told of an order: the sequence of its acceptance, that it was refused, or nothing. */
type Told = number | "refused" | "unknown";

export class ResumingCrowd {
  readonly #clients: readonly ResumingOrderEntryClient[];
  /** By client, for its account, what it was told of the orders 1, 2, ... */
  readonly #told: Told[][];
  readonly #trading: Promise<unknown>;
  #isOver = false;
  #accepted = 0;
  /** Clients with a connection that stands. */
  readonly #connected = new Set<ResumingOrderEntryClient>();
  #onAccepted = () => {};

  readonly #firstAccount: number;

  private constructor(clients: readonly ResumingOrderEntryClient[], firstAccount: number) {
    this.#clients = clients;
    this.#firstAccount = firstAccount;
    this.#told = clients.map(() => []);
    for (const client of clients) {
      this.#connected.add(client);
      client.on("connected", () => this.#connected.add(client));
      client.on("disconnected", () => this.#connected.delete(client));
    }
    const lanes = clients.flatMap((client, i) =>
      Array.from({ length: LANES }, () => this.#trade(client, this.#told[i])),
    );
    this.#trading = Promise.all(lanes);
  }

  /** `count` clients, for the accounts from `firstAccount` on, that try these ports in turn. */
  static async start(ports: readonly number[], count: number, firstAccount = 1): Promise<ResumingCrowd> {
    const addresses = ports.map((port) => ({ port }));
    const one = (_: unknown, i: number) =>
      connectResumingOrderEntry({ addresses, account: firstAccount + i, patience_ms: PATIENCE_MS });
    return new ResumingCrowd(await Promise.all(Array.from({ length: count }, one)), firstAccount);
  }

  get accepted(): number {
    return this.#accepted;
  }
  /** Resolves when no client has a connection that stands. */
  async alone(): Promise<void> {
    while (this.#connected.size > 0) await sleep(LOOK_MS);
  }

  /** Resolves when one more order is accepted. */
  nextAccepted(): Promise<void> {
    return new Promise((resolve) => {
      this.#onAccepted = resolve;
    });
  }

  async #trade(client: ResumingOrderEntryClient, told: Told[]): Promise<void> {
    while (!this.#isOver) {
      const id = told.push("unknown");
      const order = { id, symbol: id % 4, side: "buy", price: 100, quantity: 1, timeInForce: "ioc" } as const;
      try {
        const answer = await client.submit(order);
        told[id - 1] = answer.accepted ? answer.sequence : "refused";
        if (answer.accepted) this.#heard();
        await sleep(answer.accepted ? PACE_MS : REFUSED_MS);
      } catch {
        // Its patience is over, or it was ended: what was open stays unknown.
        return;
      }
    }
  }

  #heard(): void {
    this.#accepted++;
    this.#onAccepted();
  }

  /** No new orders; resolves when all are answered. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.#trading;
    await Promise.all(this.#clients.map((client) => client.close()));
  }

  /** At once: what is not answered by now never will be. */
  async breakOff(): Promise<void> {
    this.#isOver = true;
    for (const client of this.#clients) client.destroy();
    await this.#trading;
  }

  /**
   * What the log contradicts, in words: accepted is once and that one, refused never, unknown at most once. It may be that of
   * a node that runs: it is read after what was told so far.
   */
  judge(read: () => Recount): string[] {
    const told = this.#told.map((some) => [...some]);
    const { accepts } = read();
    return told.flatMap((some, i) =>
      some.flatMap((what, at) => {
        const account = this.#firstAccount + i;
        const found = accepts.get(`${account}:${at + 1}`) ?? [];
        if (isRight(what, found)) return [];
        return [`account ${account}, order ${at + 1}: told ${what}, executed as [${found}]`];
      }),
    );
  }

  /** Orders whose clients never learned what became of them. */
  get unknown(): number {
    return this.#told.flat().filter((what) => what === "unknown").length;
  }
}

function isRight(told: Told, found: readonly number[]): boolean {
  if (told === "refused") return found.length === 0;
  if (told === "unknown") return found.length <= 1;
  return found.length === 1 && found[0] === told;
}
