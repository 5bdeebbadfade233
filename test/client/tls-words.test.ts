// What a client says when one side speaks TLS and the other doesn't: neither understands a word, so the words must be ours.

import { type AddressInfo, createServer as createPlain, type Server } from "node:net";
import { createServer as createTls } from "node:tls";
import { afterEach, expect, test } from "vitest";
import {
  connectOrderEntry,
  connectResumingOrderEntry,
  connectTrading,
  type TlsOptions,
} from "../../src/client/index.ts";
import { TLS, TLS_FILES } from "../support/tls.ts";
import { acceptAll, startScriptedServer } from "./scripted-server.ts";
import { ALICE, startSessionServer } from "./session-server.ts";

const KEY = { name: "ann", private: Buffer.alloc(32, 7).toString("base64url") };
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: Server, onPort = 0): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(onPort, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** Closes at the first words, as an exchange does that makes no sense of them, or says some of its own. */
function plain(answer: "" | "closes" | "HTTP/1.1 400 Bad Request\r\n\r\n"): Server {
  return createPlain((socket) => {
    socket.on("error", () => {});
    socket.once("data", () =>
      answer === "closes" ? socket.end() : answer === "" ? socket.resetAndDestroy() : socket.end(answer),
    );
  });
}

function trading(port: number, tls?: TlsOptions): Promise<unknown> {
  return connectTrading({ addresses: [{ port }], key: KEY, account: 1, ...(tls && { tls }) });
}

const SPEAKS_TLS = "it may speak TLS (`tls` of connectTrading, --tls-ca of a command)";

test("a plain client at a listener that speaks TLS is told that it may", async () => {
  const port = await listen(createTls(TLS));
  await expect(trading(port)).rejects.toMatchObject({ message: expect.stringContaining(SPEAKS_TLS) });
  await expect(connectOrderEntry({ port })).rejects.toMatchObject({
    code: "HELLO_REFUSED",
    message: expect.stringMatching(
      /: the exchange may lack the account, .*or the open mode is off; the connection to .*: it may speak TLS /,
    ),
  });
});

test.each([
  ["", "the other end broke it off: it may speak no TLS"],
  ["closes", "the other end broke it off: it may speak no TLS"],
  ["HTTP/1.1 400 Bad Request\r\n\r\n", "what it says is no TLS"],
] as const)("a TLS client at a plain listener that answers %j is told so", async (answer, words) => {
  const port = await listen(plain(answer));
  await expect(trading(port, { ca: TLS.cert })).rejects.toMatchObject({
    message: `can't connect to 127.0.0.1:${port}: ${words}`,
  });
});

// Each try of a session to come back through a balancer, whose exchange was away, said that the exchange may speak TLS.
test.each([
  [
    "a session",
    () => startSessionServer({}),
    (port: number) => connectTrading({ addresses: [{ port }], key: ALICE, account: 1 }),
  ],
  [
    "a resuming client",
    () => startScriptedServer(acceptAll),
    (port: number) => connectResumingOrderEntry({ addresses: [{ port }] }),
  ],
])("%s that was there before is told no such thing", async (_, serve, connect) => {
  const server = await serve();
  const client = await connect(server.port);
  const told = new Promise<string>((resolve) =>
    client.on("disconnected", ({ message }: Error) => {
      if (message.includes("without a word")) resolve(message);
    }),
  );
  await server.close();
  await listen(plain("closes"), server.port);
  const words = `the connection to 127.0.0.1:${server.port} was lost: the exchange closed it without a word`;
  expect(await told).toBe(words);
  client.destroy();
});

// A path instead of the file's text was taken for a certificate that nobody has signed with.
test.each([
  [TLS_FILES.cert, "tls.ca holds no certificate: it is the text of a PEM file, not its path"],
  ["", 'tls.ca "" is not a text with anything in it'],
])("an authority %j is none", async (ca, message) => {
  await expect(trading(1, { ca })).rejects.toMatchObject({ code: "INVALID_ARGUMENT", message });
});
