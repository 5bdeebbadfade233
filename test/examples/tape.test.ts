// examples/tape-publisher.ts, tape-subscriber.ts and the program of docs/tape.md, against a broker.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RealBroker } from "../tape-runtime/client/real-broker.ts";
import { Example, killExamples } from "./example.ts";

let broker: RealBroker;
beforeAll(async () => {
  broker = await RealBroker.start();
});
afterAll(async () => {
  killExamples();
  await broker.remove();
});

test("tape-subscriber.ts has every reading that tape-publisher.ts wrote, through a restart of the broker", async () => {
  const where = ["127.0.0.1", String(broker.port), "readings"];
  const publisher = new Example("tape-publisher.ts", ...where, "20000");
  await publisher.prints("connected");
  await broker.stop();
  await broker.start();
  const { status, output } = await publisher.ended();
  expect(status).toBe(0);
  expect(output).toMatch(/\n20001 records in \d+ batches are on the tape after \d+ ms/);
  const subscriber = await new Example("tape-subscriber.ts", ...where).ended();
  expect(subscriber.status).toBe(0);
  expect(subscriber.output).toMatch(/^active$/m);
  expect(subscriber.output).toMatch(/\nsensor-0: \d+\.\d\d of 2500\n/);
  expect(subscriber.output).toMatch(/\n20000 readings\n$/);
});

test("tape-subscriber.ts says in one line why there is nothing to read", async () => {
  const { status, output } = await new Example(
    "tape-subscriber.ts",
    "127.0.0.1",
    String(broker.port),
    "nothing",
  ).ended();
  expect([status, output]).toEqual([1, ""]);
});

test("the program of docs/tape.md does what it says", async () => {
  const page = readFileSync(new URL("../../docs/tape.md", import.meta.url), "utf8");
  const [, program] = /```ts\n(.*?)```/s.exec(page) ?? [];
  const folder = mkdtempSync(join(tmpdir(), "seriatim-documentation-"));
  const file = join(folder, "program.mts");
  writeFileSync(file, program.replaceAll("9400", String(broker.port)));
  const { status, output } = await new Example(file).ended();
  rmSync(folder, { recursive: true });
  expect(output).toBe("batch 1 ends with record 4\n1 one\n2 two\n3 three\n4 four\n");
  expect(status).toBe(0);
});
