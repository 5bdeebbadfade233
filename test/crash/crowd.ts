// The clients of a kill loop and their judge: each keeps a ledger of what it was told over all rounds, and what it knows is
// held against the log, and against what rests.

import { join } from "node:path";
import { connectOrderEntry, type OrderEntryClient } from "../../src/client/index.ts";
import { NativeChecksums, NodeStorage } from "../../src/platform/index.ts";
import { COMMAND_WORDS, CommandKind, CommandWord } from "../../src/protocol/index.ts";
import { scanLog } from "../../src/segment/index.ts";
import type { KillFigures } from "./kill-figures.ts";
import { OrderLedger, type OrderRecord } from "./order-ledger.ts";

const CLIENTS = 8;
/** Orders of one client under way at once. */
const LANES = 4;
/** Requests of the judge in flight: below the client's window. */
const AT_ONCE = 64;
/** A node that syncs on the thread that answers stands still with its disk, which may be busy with other things. */
const CONNECT_MS = 60_000;

export class Crowd {
  /** Clients act for accounts 1 .. CLIENTS. */
  readonly #ledgers = Array.from({ length: CLIENTS }, () => new OrderLedger());
  /** Orders of each ledger that were judged. */
  readonly #judged = this.#ledgers.map(() => 0);

  connect(port: number): Promise<OrderEntryClient[]> {
    const to = { host: "127.0.0.1", port, connectTimeout_ms: CONNECT_MS };
    const one = (_: unknown, i: number) => connectOrderEntry({ ...to, account: i + 1 });
    return Promise.all(Array.from({ length: CLIENTS }, one));
  }

  /** Trades until every connection is lost, or an order refused. */
  async trade(clients: readonly OrderEntryClient[]): Promise<void> {
    const lanes = clients.flatMap((client, i) =>
      Array.from({ length: LANES }, () => this.#ledgers[i].trade(client)),
    );
    await Promise.all(lanes);
  }

  /** Each order that was not judged yet: how often it is in the log, and whether it rests. They are settled then. */
  async judge(
    clients: readonly OrderEntryClient[],
    entries: ReadonlyMap<string, number>,
    figures: KillFigures,
  ): Promise<void> {
    await Promise.all(clients.map((client, i) => this.#judgeOne(client, i, entries, figures)));
  }

  async #judgeOne(
    client: OrderEntryClient,
    i: number,
    entries: ReadonlyMap<string, number>,
    figures: KillFigures,
  ): Promise<void> {
    const orders = this.#ledgers[i].orders.slice(this.#judged[i]);
    this.#judged[i] += orders.length;
    for (let from = 0; from < orders.length; from += AT_ONCE) {
      const some = orders.slice(from, from + AT_ONCE);
      await Promise.all(
        some.map(async (order) => {
          const where = `account ${i + 1}, order ${order.id}`;
          figures.count(order, entries.get(`${i + 1}:${order.id}`) ?? 0, where);
          const wrong = await judgeResting(client, order);
          if (wrong !== undefined) figures.undone(`${where}: ${wrong}`);
        }),
      );
    }
  }
}

/** Cancels an order that may rest, which settles it, and compares with what its client knows. */
async function judgeResting(client: OrderEntryClient, order: OrderRecord): Promise<string | undefined> {
  const { accepted } = await client.cancel({ id: order.id, symbol: order.id % 4 });
  if (!accepted) {
    const mustRest = order.entered === "yes" && order.cancelled === "no";
    return mustRest ? "it was acknowledged and is gone" : undefined;
  }
  const again = await client.cancel({ id: order.id, symbol: order.id % 4 });
  if (again.accepted) return "it rested twice";
  return order.cancelled === "yes" ? "its cancel was acknowledged and is undone" : undefined;
}

/** How often each `account:id` entered the log in `directory`, read while no node runs. */
export function entriesInLog(directory: string): Map<string, number> {
  const entries = new Map<string, number>();
  const storage = new NodeStorage();
  const place = { storage, checksums: new NativeChecksums(), directory: join(directory, "journal") };
  storage.makeDirectory(place.directory);
  scanLog({ ...place, log: "journal" }, (frame) => {
    for (let i = 0; i < frame.count; i++) {
      const at = frame.payloadAt / 4 + i * COMMAND_WORDS;
      if ((frame.words[at] & 255) !== CommandKind.NewOrder) continue;
      const key = `${frame.words[at + CommandWord.account]}:${frame.words[at + CommandWord.orderIdLow]}`;
      entries.set(key, (entries.get(key) ?? 0) + 1);
    }
  });
  return entries;
}
