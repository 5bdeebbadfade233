// The listener of administrators without a node behind it.

import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { startAdmin } from "../../../src/node/admin/admin-listener.ts";
import { createLog } from "../../../src/node/log.ts";
import type { KeyRing } from "../../../src/runtime/index.ts";
import { until } from "../../support/until.ts";

const LOGON = `logon ann ${"0".repeat(128)}\n`;

// A line that was refused, and the command behind it in the same packet: what came then was kept for as long as that took.
test("while a command is worked on nothing more is read, whatever stood before it", async () => {
  const done = Promise.withResolvers<object>();
  const answering = Promise.withResolvers<void>();
  const admin = await startAdmin({
    ...{ port: 0, tls: undefined, log: createLog({ level: "silent" }) },
    keys: { isProof: () => true } as unknown as KeyRing,
    execute: () => {
      answering.resolve();
      return done.promise;
    },
  });
  onTestFinished(() => admin.close());
  const socket = connect(admin.port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  let said = "";
  socket.on("error", () => {});
  socket.on("data", (text) => {
    said += text;
  });
  await once(socket, "connect");
  socket.write(`${LOGON}no\nhalt\n`);
  await answering.promise;
  // Far more than the system keeps. Whoever reads it takes a moment.
  for (let i = 0; i < 64; i++) socket.write(Buffer.alloc(1 << 20, "status\n"));
  await Promise.race([once(socket, "drain"), sleep(1_000)]);
  expect(socket.writableLength).toBeGreaterThan(32 << 20);
  done.resolve({ position: 7 });
  await until(() => said.includes('{"ok":true,"position":7}\n'));
});

// It was waited for without end, by the node too: a rotation, or a snapshot, on a disk that hangs.
test("a command whose work is not done in time is answered, and goes on", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const working = Promise.withResolvers<void>();
  const admin = await startAdmin({
    ...{ port: 0, tls: undefined, log: createLog({ level: "silent" }) },
    keys: { isProof: () => true } as unknown as KeyRing,
    execute: ({ command }) => {
      working.resolve();
      return command === "rotate" ? new Promise(() => {}) : Promise.resolve({ position: 7 });
    },
  });
  onTestFinished(() => admin.close());
  const socket = connect(admin.port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  let said = "";
  socket.on("data", (text) => {
    said += text;
  });
  socket.write(`${LOGON}rotate\nstatus\n`);
  await working.promise;
  vi.advanceTimersByTime(50_000);
  while (!said.includes('"position":7')) await once(socket, "data");
  expect(said.split("\n").slice(2, 4)).toEqual([
    expect.stringMatching(
      /^\{"ok":false,"code":"UNCERTAIN","error":"it is under way, and not done after 50 s/,
    ),
    '{"ok":true,"position":7}',
  ]);
});
