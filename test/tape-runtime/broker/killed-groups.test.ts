// What a kill of the broker leaves of a topic's groups: none goes on behind records that nobody has done. A kill leaves the files as they
// are at that moment, so a copy of them is what the next broker finds.

import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { NativeChecksums, NodeStorage } from "../../../src/platform/index.ts";
import { TapeFrom } from "../../../src/protocol/index.ts";
import { CatalogLog, readCatalog } from "../../../src/tape/index.ts";
import { NOW_us } from "../../tape/catalog/support.ts";
import { batch, concat } from "../../tape/ingest/support.ts";
import { Client, startBroker } from "./support.ts";

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "tape-killed-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** As a kill at this moment leaves it. */
function killedNow(directory: string): string {
  const copy = newDirectory();
  cpSync(directory, copy, { recursive: true, filter: (path) => !basename(path).startsWith("lock-") });
  return copy;
}

function catalogIn(directory: string) {
  return { storage: new NodeStorage(), checksums: new NativeChecksums(), directory };
}

/** Batches `from` to `to` of one record each, durable. */
async function publish(publisher: Client, from: number, to: number): Promise<void> {
  const numbers = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  publisher.send(concat(...numbers.map((number) => batch(number, 64))));
  await publisher.hears(`ack ${to}`);
}

// Where it began was in memory alone: the next member began where it wanted itself, at the end, behind what the first had been sent.
test("a group that has committed nothing goes on where it began, whoever comes first behind the kill", async () => {
  const directory = newDirectory();
  const [port] = (await startBroker({ directory })).ports;
  const publisher = Client.publisher(port);
  await publisher.hears("accepted 0");
  await publish(publisher, 1, 6);
  const first = Client.subscriber(port, { group: "risk", fromKind: TapeFrom.End });
  await first.hears("active 7");
  await publish(publisher, 7, 8);
  await first.until(() => first.batches.length === 2, "2 batches");
  const [after] = (await startBroker({ directory: killedNow(directory) })).ports;
  const second = Client.subscriber(after, { group: "risk", fromKind: TapeFrom.End });
  await second.hears("active 7");
  await second.until(() => second.batches.length === 2, "2 batches");
});

// It was taken back in memory, and on the disk up to 100 ms later: killed in between it stood behind what was published meanwhile.
test("a group that was taken back with its topic stands there on the disk before anybody publishes", async () => {
  const directory = newDirectory();
  const first = await startBroker({ directory });
  const publisher = Client.publisher(first.ports[0]);
  await publisher.hears("accepted 0");
  await publish(publisher, 1, 6);
  await first.stop();
  // A power failure took the records behind the sixth; the group had done them.
  const catalog = new CatalogLog(catalogIn(directory));
  catalog.write([{ kind: "group", topic: 1, group: "risk", committed: 25 }], NOW_us);
  catalog.close();
  const [port] = (await startBroker({ directory })).ports;
  const next = Client.publisher(port);
  await next.hears("accepted 6");
  expect(readCatalog(catalogIn(directory)).groupsOf(1).get("risk")).toBe(7);
  await publish(next, 7, 30);
  const [after] = (await startBroker({ directory: killedNow(directory) })).ports;
  const member = Client.subscriber(after, { group: "risk" });
  await member.hears("active 7");
  await member.until(() => member.batches.length === 24, "24 batches");
});
