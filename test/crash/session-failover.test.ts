// The primary of a cluster is killed under sessions with a logon, and a replica told to lead: the sessions go on there with the
// next report number, what nobody answered is known for certain, and who cancels on disconnect has no order left. Real
// processes, real sockets, real files.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SeriatimError } from "../../src/base/index.ts";
import {
  connectTrading,
  type ExecutionReport,
  type TradingOptions,
  type TradingSession,
} from "../../src/client/index.ts";
import { until } from "../support/until.ts";
import { ClusterProcesses } from "./cluster.ts";
import { killNodes } from "./node-process.ts";

/** Orders before the kill, which comes with as many under way as there may be. */
const ORDERS = 300;
const WINDOW = 32;

const [DESK, OTHER] = [1, 2];

let directory = "";
const sessions: TradingSession[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "seriatim-session-failover-"));
});
afterEach(() => {
  for (const session of sessions.splice(0)) session.destroy();
  killNodes();
  rmSync(directory, { recursive: true, force: true });
});

/** What one session is told, and what became of what it asked. */
class Told {
  readonly session: TradingSession;
  readonly reports: ExecutionReport[] = [];
  readonly accepted: number[] = [];
  readonly notExecuted: number[] = [];
  readonly others: string[] = [];
  gaps = 0;
  peer = "";

  constructor(session: TradingSession) {
    this.session = session;
    session.on("report", (report) => this.reports.push(report));
    session.on("gap", () => this.gaps++);
    session.on("connected", (peer) => {
      this.peer = peer;
    });
  }

  static async open(options: Omit<TradingOptions, "addresses">, ports: readonly number[]): Promise<Told> {
    const addresses = ports.map((port) => ({ port }));
    const session = await connectTrading({ addresses, next: 1, window: WINDOW, ...options });
    sessions.push(session);
    return new Told(session);
  }

  /** Enters a buy far from any market, and notes what becomes of it. */
  submit(id: number): Promise<void> {
    const order = { id, symbol: 0, side: "buy", price: 1_000 + (id % 50), quantity: 1 } as const;
    return this.session.submit(order).then(
      (answer) => void (answer.accepted ? this.accepted.push(id) : this.others.push(answer.reason)),
      (error: SeriatimError) =>
        void (error.code === "NOT_EXECUTED" ? this.notExecuted.push(id) : this.others.push(error.code)),
    );
  }

  get numbers(): number[] {
    return this.reports.map(({ number }) => number);
  }
}

const counted = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

test("sessions go on at a promoted node with the next report, and know what became of everything", async () => {
  const cluster = await ClusterProcesses.make(directory, 3);
  const keys = {
    desk: cluster.addKey("desk", "trader", DESK),
    other: cluster.addKey("other", "trader", OTHER),
  };
  const auditorKey = cluster.addKey("auditor", "reader", DESK);
  const at = (name: "north" | "south" | "east") => `127.0.0.1:${cluster.ports(name).replication}`;
  cluster.launch("north", "--peers", `${at("south")},${at("east")}`);
  cluster.launch("south", "--replica-of", `${at("north")},${at("east")}`);
  cluster.launch("east", "--replica-of", `${at("north")},${at("south")}`);
  await cluster.becomes("north", "ok");
  const ports = [cluster.ports("north").order, cluster.ports("south").order];
  const desk = await Told.open({ account: DESK, key: keys.desk, cancelOnDisconnect: true }, ports);
  const other = await Told.open({ account: OTHER, key: keys.other }, ports);
  const auditor = await Told.open({ account: DESK, key: auditorKey, readOnly: true }, ports);
  await other.submit(1);

  const asked: Promise<void>[] = [];
  for (let id = 1; id <= ORDERS; id++) {
    if (!desk.session.writable) await cluster.within(desk.session.ready(), "the session is not ready");
    asked.push(desk.submit(id));
  }
  await cluster.end("north", "SIGKILL");
  await cluster.promote("south");
  await cluster.within(Promise.all(asked), "orders were not answered");
  const south = `127.0.0.1:${ports[1]}`;
  await cluster.within(
    until(() => [desk, other, auditor].every(({ peer }) => peer === south)),
    "not all are back",
  );

  // Everything asked is known: executed or not, and nothing else.
  expect(desk.accepted.length + desk.notExecuted.length).toBe(ORDERS);
  expect([desk.others, other.others]).toEqual([[], []]);
  const executed = desk.reports.filter(({ kind }) => kind === "accepted").map(({ id }) => Number(id));
  expect(executed.sort((a, b) => a - b)).toEqual(desk.accepted.sort((a, b) => a - b));

  // Cancel on disconnect holds for a node that is lost, and for that account alone.
  const cancelled = desk.reports.filter(
    ({ kind, cause }) => kind === "cancelled" && cause === "disconnected",
  );
  expect(cancelled.length).toBe(desk.accepted.length);
  expect((await desk.session.openOrders()).orders).toEqual([]);
  expect((await other.session.openOrders()).orders.map(({ id }) => id)).toEqual([1n]);

  // The next report has the next number, here too; nobody missed one or saw one twice.
  const next = desk.session.nextReport;
  const answer = await desk.session.submit({ id: 9_999, symbol: 0, side: "buy", price: 1_000, quantity: 1 });
  expect(answer).toMatchObject({ accepted: true, report: { number: next } });
  await cluster.within(
    until(() => auditor.reports.length === desk.reports.length),
    "the drop copy is late",
  );
  expect(desk.numbers).toEqual(counted(next));
  expect(auditor.reports).toEqual(desk.reports);
  expect([desk.gaps, other.gaps, auditor.gaps, other.numbers]).toEqual([0, 0, 0, [1]]);
}, 180_000);
