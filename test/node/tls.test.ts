// TLS of a node, and where it may listen without: settings in tables, then a whole node over real sockets.

import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:https";
import { connect as connectPlain, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { Clock } from "../../src/base/index.ts";
import { askNode } from "../../src/cli/admin-client.ts";
import { refuseExposed, refuseExposedTape } from "../../src/node/exposure.ts";
import {
  type Configuration,
  configurationOf,
  createLog,
  type Log,
  loadTapeConfiguration,
  startNode,
  startTape,
} from "../../src/node/index.ts";
import { readTls } from "../../src/node/tls.ts";
import { connectTo, HANDSHAKE_ms, SystemClock } from "../../src/platform/index.ts";
import { generateKey, readKeyRing, readOwnKey } from "../../src/runtime/index.ts";
import { describeStream, order } from "../gateway/support.ts";
import { TLS, TLS_FILES } from "../support/tls.ts";

const log = createLog({ level: "silent" });
let folder = "";
const file = (name: string) => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "seriatim-tls-"));
  generateKey("ann", "admin", file("ann.key"), file("admins.json"));
  generateKey("ann", "admin", file("ann2.key"), file("all.json"));
  generateKey("tom", "trader", file("tom.key"), file("all.json"), { accounts: [1] });
  const topics = [{ name: "*", may: ["publish"] }] as const;
  generateKey("tim", "tape", file("tim.key"), file("tape.json"), { topics });
  writeFileSync(file("empty.pem"), "nothing");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a call is refused with. */
function refusal(call: () => unknown): string {
  try {
    call();
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

const { cert, key, expired, otherKey } = TLS_FILES;

describe("settings of TLS", () => {
  test("that contradict one another are refused", () => {
    const cluster = { keys: "k", nodeKey: "n" };
    const cases: [Partial<Configuration>, string][] = [
      [{ tlsCert: cert }, "tls-cert is given without tls-key"],
      [{ tlsKey: key }, "tls-key is given without tls-cert"],
      [{ tlsCert: cert, tlsKey: key }, ""],
      [{ ...cluster, tlsCert: cert, tlsKey: key }, "tls-cert of a node of a cluster is given without tls-ca"],
      [{ ...cluster, tlsCert: cert, tlsKey: key, tlsCa: cert }, ""],
      [
        { tlsCert: cert, tlsKey: key, tlsCa: cert },
        "tls-ca is for the nodes of a cluster that have a tls-cert: here nobody is connected to by TLS",
      ],
    ];
    for (const [some, line] of cases) expect(refusal(() => configurationOf(some))).toBe(line);
  });

  test("whose files are not what they should be are refused in one line, with the file", () => {
    const today_us = 1_700_000_000_000_000;
    const missing = file("none.pem");
    const cases: [string, string, string, number, string][] = [
      [cert, key, "", today_us, ""],
      [missing, key, "", today_us, `tls-cert: cannot read ${missing}: no such file or directory (ENOENT)`],
      [folder, key, "", today_us, `tls-cert: cannot read ${folder}: it is a directory (EISDIR)`],
      ["/dev/zero", key, "", today_us, "tls-cert: /dev/zero has more than 1048576 bytes"],
      [file("empty.pem"), key, "", today_us, `tls-cert: ${file("empty.pem")} holds no certificate (PEM)`],
      [cert, cert, "", today_us, `tls-key: ${cert} holds no private key (PEM, without a passphrase)`],
      [cert, otherKey, "", today_us, `tls-key: ${otherKey} is not the key of the certificate in ${cert}`],
      [expired, key, "", today_us, `tls-cert: ${expired} has expired: Jan  1 00:00:00 2001 GMT`],
      [cert, key, "", 0, `tls-cert: ${cert} is not good before Jan  1 00:00:00 2000 GMT`],
      [cert, key, key, today_us, `tls-ca: ${key} holds no certificate (PEM)`],
    ];
    const settings = { tlsCert: cert, tlsKey: key, tlsCa: "", nodeKey: "" };
    expect(readTls(settings, today_us).expires_us).toBe(
      Date.parse(new X509Certificate(TLS.cert).validTo) * 1_000,
    );
    for (const [tlsCert, tlsKey, tlsCa, now_us, line] of cases)
      expect(refusal(() => readTls({ tlsCert, tlsKey, tlsCa, nodeKey: "" }, now_us))).toBe(line);
  });
});

test("an address that other machines reach needs TLS and somebody who can prove who he is", () => {
  const [admins, all] = [readKeyRing(file("admins.json")), readKeyRing(file("all.json"))];
  const [tls, proof] = [
    "TLS (tls-cert and tls-key)",
    "a trader or reader in a keys file (keys; seriatim keygen makes them)",
  ];
  const words = (host: string, lacks: string) =>
    `host ${host} can be reached by other machines, which needs ${lacks}`;
  const cases: [string, string, typeof all | undefined, string][] = [
    ["127.0.0.1", "", undefined, ""],
    ["127.8.8.8", "", undefined, ""],
    ["::1", "", undefined, ""],
    ["localhost", "", undefined, ""],
    ["0.0.0.0", "", undefined, words("0.0.0.0", `${tls} and ${proof}`)],
    ["::", cert, undefined, words("::", proof)],
    ["10.0.0.1", cert, admins, words("10.0.0.1", proof)],
    ["exchange.example", "", all, words("exchange.example", tls)],
    ["0.0.0.0", cert, all, ""],
  ];
  for (const [host, tlsCert, keys, line] of cases)
    expect(refusal(() => refuseExposed({ host, tlsCert }, keys))).toBe(line);
});

test.each([
  ["host", { host: "host.invalid" }],
  ["tape-host", { tapePort: 0, tapeHost: "host.invalid" }],
])(
  "a %s that there is not is said to be none, and not to be reached by other machines",
  async (name, settings) => {
    const ports = { orderPort: 0, httpPort: 0, dataDir: file("none") };
    const start = startNode(configurationOf({ ...ports, ...settings }), log);
    const why = "(there is no host of that name|its name can't be looked up now)";
    await expect(start).rejects.toThrow(new RegExp(`^${name} host\\.invalid can't be listened on: ${why}$`));
  },
);

test("a tape that other machines reach needs TLS and a key with topics", () => {
  const [all, tape] = [readKeyRing(file("all.json")), readKeyRing(file("tape.json"))];
  const [tls, proof] = [
    "TLS (tls-cert and tls-key)",
    "a key with topics in a keys file (keys; seriatim keygen makes them)",
  ];
  const words = (host: string, lacks: string) =>
    `tape-host ${host} can be reached by other machines, which needs ${lacks}`;
  const cases: [string, string, typeof all | undefined, string][] = [
    ["127.0.0.1", "", undefined, ""],
    ["0.0.0.0", "", undefined, words("0.0.0.0", `${tls} and ${proof}`)],
    ["0.0.0.0", cert, all, words("0.0.0.0", proof)],
    ["10.0.0.1", "", tape, words("10.0.0.1", tls)],
    ["10.0.0.1", cert, tape, ""],
  ];
  for (const [tapeHost, tlsCert, keys, line] of cases)
    expect(refusal(() => refuseExposedTape({ tapeHost, tlsCert }, keys, "tape-host"))).toBe(line);
});

/** Status and body of an HTTPS page. */
function read(port: number, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, path, ca: TLS.cert, agent: false }, (response) => {
      let body = "";
      response.on("data", (text: Buffer) => {
        body += text.toString();
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    }).on("error", reject);
  });
}

/** The answer to one order; nothing when the connection ends without. */
async function trade(peer: Socket, id: number): Promise<string[]> {
  const answer = await new Promise<Buffer | undefined>((resolve) => {
    peer.on("error", () => {});
    peer.once("data", resolve);
    peer.once("close", () => resolve(undefined));
    peer.write(order(id));
  });
  peer.destroy();
  return answer === undefined ? [] : describeStream(answer);
}

test.each(["spread", "single"] as const)(
  "a node with a certificate speaks TLS on every port, and its own web and traders trade (threads %s)",
  async (threads) => {
    const node = await startNode(
      configurationOf({
        ...{
          dataDir: file(`data-${threads}`),
          orderPort: 0,
          httpPort: 0,
          adminPort: 0,
          keys: file("all.json"),
        },
        ...{ threads, segmentBytes: 4_194_304, ordersMax: 10_000, simulate: 1_000 },
        ...{ tlsCert: cert, tlsKey: key },
      }),
      log,
    );
    const [host, ca] = ["127.0.0.1", TLS.cert];
    try {
      expect(await trade(connectTo({ host, port: node.orderPort }, ca), 1)).toEqual(["Ack 1"]);
      expect(await trade(connectPlain({ host, port: node.orderPort }), 2)).toEqual([]);
      // Trusts nobody that this node could be.
      expect(await trade(connectTo({ host, port: node.orderPort }, ""), 3)).toEqual([]);

      expect(await read(node.httpPort, "/healthz")).toMatchObject({ status: 200 });
      const ends_s = Date.parse(new X509Certificate(ca).validTo) / 1_000;
      expect((await read(node.httpPort, "/metrics")).body).toContain(
        `seriatim_tls_certificate_expires_seconds ${ends_s}\n`,
      );
      const socket = new WebSocket(`wss://${host}:${node.httpPort}/ws`, { ca });
      await once(socket, "open");
      // Welcome when it has an order-entry connection.
      socket.send(JSON.stringify({ type: "hello", schema: 1, account: "7" }));
      const [message] = (await once(socket, "message")) as [Buffer];
      expect(JSON.parse(message.toString())).toMatchObject({ type: "welcome" });
      socket.terminate();
      while (node.status().position < 20) await new Promise((resolve) => setTimeout(resolve, 20));

      const own = readOwnKey(file("ann2.key"));
      const status = await askNode({ host, port: node.adminPort, ca }, own, "status");
      expect(JSON.parse(status)).toMatchObject({ ok: true });

      // Handshakes that are never finished hold no stop up: their own deadline is later than its bound.
      for (const port of [node.orderPort, node.httpPort, node.adminPort])
        await once(
          connectPlain({ host, port }).on("error", () => {}),
          "connect",
        );
      const late = new Promise((resolve) => setTimeout(resolve, HANDSHAKE_ms - 1_000, "late").unref());
      expect(await Promise.race([node.stop(), late])).toBeUndefined();
    } finally {
      await node.stop();
    }
  },
);

/** What is said of the certificate by what is started on a clock that is ten days before its end, and stopped. */
async function saidOfCertificate(start: (heard: Log, clock: Clock) => Promise<{ stop(): Promise<void> }>) {
  const lines: string[] = [];
  const heard = createLog({ level: "warn", human: true, write: (line) => lines.push(line) });
  const end_us = Date.parse(new X509Certificate(TLS.cert).validTo) * 1_000;
  const real = new SystemClock();
  const clock = {
    wallMicros: () => end_us - 10 * 86_400_000_000,
    monotonicMicros: () => real.monotonicMicros(),
  };
  const started = await start(heard, clock);
  await started.stop();
  return lines.filter((line) => line.includes("certificate"));
}

const ENDS = [
  expect.stringContaining("the certificate of tls-cert expires at 2100-01-01T00:00:00.000Z, in 10 days; "),
];

test("a node whose certificate ends in days says so at its start", async () => {
  const settings = {
    durability: "off",
    orderPort: 0,
    httpPort: 0,
    threads: "single",
    ordersMax: 10_000,
  } as const;
  const configuration = configurationOf({ ...settings, tlsCert: cert, tlsKey: key });
  expect(await saidOfCertificate((heard, clock) => startNode(configuration, heard, { clock }))).toEqual(ENDS);
});

test("a tape of its own whose certificate ends in days says so at its start", async () => {
  const flags = { port: "0", dataDir: file("tape"), tlsCert: cert, tlsKey: key };
  const configuration = loadTapeConfiguration({ flags, environment: {} });
  expect(await saidOfCertificate((heard, clock) => startTape(configuration, heard, clock))).toEqual(ENDS);
});
