// One life of a node on a data directory of its own in which one system call on its journal fails: the segments' zeros,
// headers, names, frames, rotation, and the mark at the end. Judged by what was called, what the client was told, how the
// node ended, and what the next start finds.
//
//   start -> four orders, one after the other -> rotation -> four orders -> SIGTERM -> the log is read -> start -> an order

import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { askNode } from "../../src/cli/admin-client.ts";
import { connectOrderEntry, type OrderEntryClient } from "../../src/client/index.ts";
import { generateKey, readOwnKey } from "../../src/runtime/index.ts";
import { entriesInLog } from "./crowd.ts";
import { NodeProcess } from "./node-process.ts";
import { type CallFault, type TracedCall, tracedCalls, underStrace } from "./strace.ts";

const SEGMENT_BYTES = 2_097_152;
const ORDERS = 8;
/** Orders before the rotation. */
const ORDERS_BEFORE = 4;
const ACCOUNT = 1;
const LINE =
  /^seriatim: [^\n]*cannot (write|sync|sync the directory|rename) ([^\n]+): [^\n]*\((EIO|ENOSPC)\)\n$/;

/** What a client was told of an order. */
type Told = "acknowledged" | "refused" | "lost";

export interface FailingCallFinding {
  /** The call that failed; undefined: so many were not made. */
  readonly failed: TracedCall | undefined;
  /** The node went on: it was the next segment's, and that there is no room for it is no failure. */
  readonly wentOn: boolean;
  readonly acknowledged: number;
  /** Acknowledged orders that the log has not after the next start. */
  readonly lost: number;
  /** What is not as it must be, in words. */
  readonly wrong: readonly string[];
}

interface Life {
  readonly told: readonly Told[];
  readonly status: number | string;
  readonly stderr: string;
  readonly calls: readonly TracedCall[];
}

export async function withFailingCall(directory: string, fault: CallFault): Promise<FailingCallFinding> {
  mkdirSync(directory);
  const life = await live(directory, fault);
  const at = life.calls.findIndex(({ isInjected }) => isInjected);
  const failed = life.calls[at];
  const wentOn = failed !== undefined && fault.error === "ENOSPC" && isForLater(life.calls, at);
  const judge = failed === undefined ? judgeWhole : wentOn ? judgeGoingOn : judgeEnd;
  const { lost, wrong } = await judgeRestart(directory, life.told);
  rmSync(directory, { recursive: true, force: true });
  const acknowledged = count(life.told, "acknowledged");
  return { failed, wentOn, acknowledged, lost, wrong: [...judge(life, at), ...wrong] };
}

function settings(directory: string): string[] {
  const data = ["--data-dir", join(directory, "data"), "--segment-bytes", String(SEGMENT_BYTES)];
  return [...data, "--keys", join(directory, "keys.json"), "--admin-port", "0", "--log-level", "silent"];
}

/** Everything in the journal's directory, and itself. */
function journalFiles(directory: string): string[] {
  const journal = join(directory, "data", "journal");
  const segments = [1, 2, 3].map((number) => join(journal, `journal-000000000${number}.seg`));
  return [journal, ...segments, ...segments.map((segment) => `${segment}.tmp`)];
}

async function live(directory: string, fault: CallFault): Promise<Life> {
  generateKey("ann", "admin", join(directory, "ann.key"), join(directory, "keys.json"));
  const trace = join(directory, "trace");
  const node = NodeProcess.launch(settings(directory), {
    under: underStrace(fault, journalFiles(directory), trace),
  });
  const ended = node.ended();
  const told: Told[] = [];
  // A start that fails has told nobody anything.
  const isReady = await node.ready().then(
    () => true,
    () => false,
  );
  if (isReady) told.push(...(await trade(node, join(directory, "ann.key"))));
  node.signal("SIGTERM");
  const status = await ended;
  return { told, status, stderr: node.stderr, calls: tracedCalls(readFileSync(trace, "utf8")) };
}

/** Orders one after the other, so that each is a frame of its own, and a rotation among them. */
async function trade(node: NodeProcess, key: string): Promise<Told[]> {
  const to = { host: "127.0.0.1", port: node.orderPort, account: ACCOUNT };
  // The journal may have ended since the node was ready.
  const client = await connectOrderEntry(to).catch(() => undefined);
  if (client === undefined) return [];
  const told: Told[] = [];
  for (let id = 1; id <= ORDERS; id++) {
    told.push(await enter(client, id));
    // It is refused when the next segment can't be prepared, and not answered when the journal ends.
    if (id === ORDERS_BEFORE)
      await askNode({ host: "127.0.0.1", port: node.adminPort }, readOwnKey(key), "rotate").catch(() => {});
  }
  client.destroy();
  return told;
}

function enter(client: OrderEntryClient, id: number): Promise<Told> {
  return client.submit({ id, symbol: 0, side: "buy", price: 10, quantity: 1 }).then(
    ({ accepted }) => (accepted ? "acknowledged" : "refused"),
    () => "lost",
  );
}

/** Nothing failed. */
function judgeWhole({ told, status, stderr }: Life): string[] {
  const isWhole = status === 0 && count(told, "acknowledged") === ORDERS;
  return isWhole ? [] : [`nothing failed, and it ended with ${status}, told ${told}: ${stderr}`];
}

/** No room for the segment after this one: orders are refused in time, and nothing has failed. */
function judgeGoingOn({ told, status, stderr }: Life): string[] {
  const isRight = status === 0 && stderr === "" && !told.includes("lost");
  return isRight ? [] : [`it should go on, and ended with ${status}, told ${told}: ${stderr}`];
}

/** The call at `at` failed, and with it the journal. */
function judgeEnd({ told, status, stderr, calls }: Life, at: number): string[] {
  const wrong: string[] = [];
  const { path } = calls[at];
  if (status !== 1) wrong.push(`it ended with ${status}`);
  if (!LINE.test(stderr) || !stderr.includes(path))
    wrong.push(`it says ${JSON.stringify(stderr)} of ${path}`);
  // The first frame is the log's beginning.
  const orders = Math.max(0, syncedFrames(calls.slice(0, at)) - 1);
  if (count(told, "acknowledged") > orders) wrong.push(`${orders} orders were safe, and it told ${told}`);
  if (calls.length > at + 1) wrong.push(`the disk was used again: ${JSON.stringify(calls.slice(at + 1))}`);
  return wrong;
}

/** Frames that were written, and made safe by a sync of their file behind them. */
function syncedFrames(calls: readonly TracedCall[]): number {
  let synced = 0;
  let written = 0;
  for (const { call, isOk, writes } of calls) {
    if (writes === "frame" && isOk) written++;
    if (call === "fdatasync" && isOk) synced = written;
  }
  return synced;
}

/** Whether the call at `at` prepared a segment that is not needed yet: its header comes when it is. */
function isForLater(calls: readonly TracedCall[], at: number): boolean {
  const { call, path } = calls[at];
  const isNeeded = calls.slice(0, at + 1).some((other) => other.path === path && other.writes === "header");
  return call !== "rename" && path.endsWith(".tmp") && !path.endsWith("0001.seg.tmp") && !isNeeded;
}

/** The next start takes orders, and has what was acknowledged once, nothing that was refused, and nothing twice. */
async function judgeRestart(directory: string, told: readonly Told[]) {
  const wrong: string[] = [];
  let lost = 0;
  const again = await NodeProcess.start(settings(directory));
  const client = await connectOrderEntry({ host: "127.0.0.1", port: again.orderPort, account: ACCOUNT });
  const next = await enter(client, ORDERS + 1);
  await client.close();
  const status = await again.end("SIGTERM");
  if (next !== "acknowledged" || status !== 0)
    wrong.push(`the next start: an order was ${next}, it ended with ${status}: ${again.stderr}`);
  const entries = entriesInLog(join(directory, "data"));
  told.forEach((what, i) => {
    const times = entries.get(`${ACCOUNT}:${i + 1}`) ?? 0;
    if (what === "acknowledged" && times === 0) lost++;
    const isRight = what === "lost" ? times <= 1 : times === (what === "acknowledged" ? 1 : 0);
    if (!isRight) wrong.push(`order ${i + 1} was ${what} and is in the log ${times} times`);
  });
  return { lost, wrong };
}

function count(told: readonly Told[], what: Told): number {
  return told.filter((one) => one === what).length;
}
