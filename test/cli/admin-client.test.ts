// What `seriatim admin` says of ports that are not an administrator's.

import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { askNode } from "../../src/cli/admin-client.ts";
import { adminGreeting } from "../../src/protocol/index.ts";
import type { OwnKey } from "../../src/runtime/index.ts";

const key = { name: "ann", prove: () => new Uint8Array(64) } as unknown as OwnKey;
let server: Server | undefined;
afterEach(() => server?.close());

async function listen(greeting: string): Promise<number> {
  server = createServer((socket) => {
    socket.on("error", () => {});
    socket.write(greeting);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

// The order port of a node waits for its client to speak: the command hung for a minute.
test("a port that says nothing is given up after five seconds", async () => {
  const port = await listen("");
  await expect(askNode({ host: "127.0.0.1", port }, key, "status")).rejects.toMatchObject({
    code: "NO_ANSWER",
    message: `127.0.0.1:${port}: did not answer within 5 s: is it the node's --admin-port, and --tls-ca given where that speaks TLS?`,
  });
});

test("where nobody listens, and a host that is not there, are said in words", async () => {
  const port = await listen("");
  server?.close();
  await expect(askNode({ host: "127.0.0.1", port }, key, "status")).rejects.toThrow(
    `127.0.0.1:${port}: nothing listens there`,
  );
  await expect(askNode({ host: "host.invalid", port: 1 }, key, "status")).rejects.toThrow(
    /^host\.invalid:1: (there is no host of that name|its name can't be looked up now)$/,
  );
});

test("a port that greets with something else is no admin listener", async () => {
  const port = await listen("220 mail.example ESMTP\n");
  await expect(askNode({ host: "127.0.0.1", port }, key, "status")).rejects.toMatchObject({
    code: "NOT_ADMIN",
    message: `127.0.0.1:${port} is no admin listener of this version`,
  });
});

// Who reads that it is the wrong port does not look whether trading was halted.
test.each<[how: string, end: (socket: Socket) => unknown, what: string]>([
  ["ended", (socket) => socket.end(), "ended the connection"],
  ["reset", (socket) => socket.resetAndDestroy(), "the other end broke it off"],
])("a connection that is %s behind a command leaves open whether that was done", async (_, end, what) => {
  const port = await listen(
    [adminGreeting("00".repeat(32)), { ok: true }].map((answer) => `${JSON.stringify(answer)}\n`).join(""),
  );
  server?.on("connection", (socket: Socket) => {
    socket.on("data", (text) => String(text).includes("halt\n") && end(socket));
  });
  await expect(askNode({ host: "127.0.0.1", port }, key, "halt")).rejects.toMatchObject({
    ...{ code: "NO_ANSWER", exitCode: 1 },
    message: `127.0.0.1:${port}: ${what}: the command may be done, or not: ask for the status`,
  });
});

test.each([
  ["REFUSED", "refuses"],
  ["UNCERTAIN", "is uncertain"],
])("an answer %s is told as one that %s", async (code, verb) => {
  const answers = [adminGreeting("00".repeat(32)), { ok: true }, { ok: false, code, error: "why" }];
  const port = await listen(answers.map((answer) => `${JSON.stringify(answer)}\n`).join(""));
  await expect(askNode({ host: "127.0.0.1", port }, key, "halt")).rejects.toMatchObject({
    ...{ code, exitCode: 1, message: `127.0.0.1:${port} ${verb}: why` },
  });
});
