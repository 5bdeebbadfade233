// What the log says of connections that end, by what has happened and when.

import { expect, test } from "vitest";
import { ConnectionLog } from "../../src/node/connection-log.ts";

function newLog() {
  const lines: string[] = [];
  const writer = (level: string) => (fields: object, text: string) => {
    lines.push(`${level} ${text} ${JSON.stringify(fields)}`);
  };
  const log = new ConnectionLog(
    { debug: writer("debug"), info: writer("info"), warn: writer("warn") },
    "connection",
  );
  const close = (reason: string, times = 1) => {
    for (let i = 0; i < times; i++) log.closing({ reason, address: "192.0.2.7", account: 5, session: 9 });
  };
  return { log, lines, close };
}

const FIELDS = '{"address":"192.0.2.7","account":5,"session":9';

test("each end has a line with its reason, at a level by whose doing it is", () => {
  const { lines, close } = newLog();
  for (const reason of ["PeerEnded", "FrameTimeout", "OutputMemory"] as const) close(reason);
  expect(lines).toEqual([
    `debug a connection ends: PeerEnded ${FIELDS},"reason":"PeerEnded"}`,
    `info a connection ends: FrameTimeout ${FIELDS},"reason":"FrameTimeout"}`,
    `warn a connection ends: OutputMemory ${FIELDS},"reason":"OutputMemory"}`,
  ]);
});

test("a session that logs on has a line, of a flood of them ten a second, and one for the rest", () => {
  const { log, lines, close } = newLog();
  log.tick(5_000_000);
  for (let session = 1; session <= 25; session++) log.loggedOn({ name: "ann", account: 5, session });
  expect(lines.length).toBe(10);
  expect(lines[0]).toBe('info a session logs on {"name":"ann","account":5,"session":1}');
  // Ends have lines of their own.
  close("FrameTimeout");
  expect(lines.length).toBe(11);
  log.tick(6_000_000);
  expect(lines.slice(11)).toEqual(['info and more sessions logged on {"sessions":15}']);
  log.tick(7_000_000);
  expect(lines.length).toBe(12);
});

test("of a flood ten lines a second are written, and one for the rest; other levels keep theirs", () => {
  const { log, lines, close } = newLog();
  log.tick(5_000_000);
  close("Malformed", 1_000);
  close("AddressFull", 500);
  close("PeerEnded");
  expect(lines.length).toBe(11);
  log.tick(5_900_000);
  expect(lines.length).toBe(11);
  log.tick(6_000_000);
  expect(lines.slice(11)).toEqual([
    'info and more ended, each a connection, by reason {"Malformed":990,"AddressFull":500}',
  ]);
  close("Malformed");
  expect(lines.length).toBe(13);
  log.tick(9_000_000);
  expect(lines.length).toBe(13);
});
