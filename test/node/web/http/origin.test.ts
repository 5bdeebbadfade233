// Which web pages may open a WebSocket.

import { expect, test } from "vitest";
import { originIsAllowed } from "../../../../src/node/web/http/origin.ts";

const rows: [what: string, origin: string | undefined, host: string | undefined, allowed: boolean][] = [
  ["a program, which has no origin", undefined, "127.0.0.1:8080", true],
  ["the node's own page", "http://127.0.0.1:8080", "127.0.0.1:8080", true],
  ["the node's own page on IPv6", "http://[::1]:8080", "[::1]:8080", true],
  ["the node's own page as localhost", "http://localhost:8080", "localhost:8080", true],
  ["the node's own page by the name it listens on", "http://Exchange.lan:8080", "exchange.lan:8080", true],
  ["the page behind something that speaks TLS", "https://10.0.0.5", "10.0.0.5", true],
  ["a page of another host", "https://evil.example", "127.0.0.1:8080", false],
  ["a page of another port", "http://127.0.0.1:3000", "127.0.0.1:8080", false],
  ["localhost is not 127.0.0.1", "http://localhost:8080", "127.0.0.1:8080", false],
  ["a page whose name was made to point here", "http://evil.example:8080", "evil.example:8080", false],
  ["a name that looks like an address", "http://127.0.0.1.evil.example", "127.0.0.1.evil.example", false],
  ["a page without a host of its own", "null", "127.0.0.1:8080", false],
  ["an empty origin", "", "127.0.0.1:8080", false],
  ["no host at all", "http://127.0.0.1:8080", undefined, false],
  ["a host that is none", "http://127.0.0.1:8080", "[", false],
];
test.each(rows)("%s", (_what, origin, host, allowed) => {
  expect(originIsAllowed(origin, host, "exchange.lan")).toBe(allowed);
});

const byCertificate: [what: string, origin: string, host: string, allowed: boolean][] = [
  ["a page by a name of the certificate", "https://localhost.test:8080", "localhost.test:8080", true],
  ["the same name without TLS", "http://localhost.test:8080", "localhost.test:8080", false],
  ["a page of a name that the certificate lacks", "https://evil.example:8080", "evil.example:8080", false],
  ["a page of another host than was asked", "https://localhost.test:8080", "evil.example:8080", false],
];
test.each(byCertificate)("%s", (_what, origin, host, allowed) => {
  const certificate = { checkHost: (name: string) => (name === "localhost.test" ? name : undefined) };
  expect(originIsAllowed(origin, host, "0.0.0.0", certificate)).toBe(allowed);
});
