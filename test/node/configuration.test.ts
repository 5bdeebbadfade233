import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { SeriatimError } from "../../src/base/index.ts";
import {
  type ConfigurationSources,
  configurationOf,
  genesisOf,
  loadConfiguration,
  SETTINGS,
  type SettingName,
} from "../../src/node/index.ts";

const folder = mkdtempSync(join(tmpdir(), "seriatim-configuration-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function file(content: string | Uint8Array): string {
  const path = join(folder, `${++files}.json`);
  writeFileSync(path, content);
  return path;
}

function load(sources: Partial<ConfigurationSources>) {
  return loadConfiguration({ flags: {}, environment: {}, ...sources });
}

/** The message of the refusal, with the temporary folder left out. */
function refusal(sources: Partial<ConfigurationSources>): string {
  try {
    load(sources);
  } catch (error) {
    expect(error).toBeInstanceOf(SeriatimError);
    expect((error as SeriatimError).exitCode).toBe(2);
    expect((error as SeriatimError).message).not.toContain("\n");
    return (error as SeriatimError).message
      .replaceAll(`${folder}/`, "/")
      .replaceAll(/\/[0-9]+\.json/g, "FILE");
  }
  throw new Error("was accepted");
}

describe("every setting comes from", () => {
  const flags = { orderPort: "1" };
  const environment = { SERIATIM_ORDER_PORT: "2" };
  const config = file('{ "order-port": 3 }');
  const rows: [
    source: string,
    sources: Partial<ConfigurationSources>,
    port: number,
    origin: string | undefined,
  ][] = [
    ["its flag before all others", { flags, environment, file: config }, 1, "--order-port"],
    ["its variable before the file", { environment, file: config }, 2, "SERIATIM_ORDER_PORT"],
    ["the file before the default", { file: config }, 3, `${config}: "order-port"`],
    [
      "the file that SERIATIM_CONFIG names",
      { environment: { SERIATIM_CONFIG: config } },
      3,
      `${config}: "order-port"`,
    ],
    ["its default when its variable is empty", { environment: { SERIATIM_ORDER_PORT: "" } }, 9009, undefined],
    ["its default when nobody says anything", {}, 9009, undefined],
  ];
  test.each(rows)("%s", (_source, sources, port, origin) => {
    const { configuration, given } = load(sources);
    expect(configuration.orderPort).toBe(port);
    expect(given.get("orderPort")?.origin).toBe(origin);
  });

  test("all three spellings, for every row of the table", () => {
    const text: Partial<Record<SettingName, string>> = {
      ...Object.fromEntries(SETTINGS.map((setting) => [setting.name, String(setting.default)])),
      orderPort: "9010",
    };
    const json = Object.fromEntries(
      SETTINGS.map((s) => [s.name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`), s.default]),
    );
    const variables = Object.fromEntries(
      SETTINGS.map((s) => [
        `SERIATIM_${s.name.replace(/[A-Z]/g, (c) => `_${c}`).toUpperCase()}`,
        text[s.name] ?? "",
      ]),
    );
    const want = { ...load({}).configuration, orderPort: 9010 };
    expect(load({ flags: text }).configuration).toEqual(want);
    expect(load({ environment: variables }).configuration).toEqual(want);
    expect(load({ file: file(JSON.stringify({ ...json, "order-port": 9010 })) }).configuration).toEqual(want);
    expect(configurationOf({ ...want }).configuration).toEqual(want);
  });

  test("variables of a tape that runs elsewhere, which say nothing of a node without one", () => {
    const environment = { SERIATIM_TAPE_DATA_DIR: "x", SERIATIM_TAPE_WORKERS: "2", SERIATIM_TAPE_PORT: "-1" };
    expect(load({ environment }).configuration.tapePort).toBe(-1);
  });

  test("someone who starts with a service's variables in the environment, which are left alone", () => {
    const environment = { SERIATIM_PORT: "tcp://10.0.0.1:9009", SERIATIM_SERVICE_HOST: "10.0.0.1" };
    expect(load({ environment }).given.size).toBe(0);
  });
});

describe("a bad value is refused by one line that says where:", () => {
  const rows: [sources: Partial<ConfigurationSources>, message: string][] = [
    [{ flags: { orderPort: "65536" } }, '--order-port: "65536" is not a whole number from 0 to 65535'],
    [{ flags: { orderPort: "-1" } }, '--order-port: "-1" is not a whole number from 0 to 65535'],
    [{ flags: { orderPort: "1e3" } }, '--order-port: "1e3" is not a whole number from 0 to 65535'],
    [{ flags: { orderPort: "" } }, '--order-port: "" is not a whole number from 0 to 65535'],
    [
      { flags: { maxNotional: "9007199254740993" } },
      '--max-notional: "9007199254740993" is not a whole number from 1 to 9007199254740991',
    ],
    [
      { environment: { SERIATIM_MAX_QUANTITY: "4294967296" } },
      'SERIATIM_MAX_QUANTITY: "4294967296" is not a whole number from 1 to 4294967295',
    ],
    [
      { flags: { segmentBytes: "2000000" } },
      '--segment-bytes: "2000000" is not a whole number from 2097152 to 1073741824, a multiple of 4096',
    ],
    [{ flags: { simulate: "fast" } }, '--simulate: "fast" is not a whole number from 0 to 100000'],
    [{ flags: { durability: "disk" } }, '--durability: "disk" is not one of fsync, flush, buffered, off'],
    [{ flags: { dataDir: "" } }, "--data-dir: is empty"],
    [{ flags: { symbols: "A,,B" } }, '--symbols: "" is not 1 to 16 bytes without spaces, commas and colons'],
    [
      { flags: { symbols: "ÄÄÄÄÄÄÄÄÄ" } },
      '--symbols: "ÄÄÄÄÄÄÄÄÄ" is not 1 to 16 bytes without spaces, commas and colons',
    ],
    [
      { file: file(JSON.stringify({ symbols: Array.from({ length: 8_193 }, (_, i) => `S${i}`) })) },
      'FILE: "symbols": 8193 symbols, at most 8192 are possible',
    ],
    [{ flags: { symbols: "A,B,A" } }, '--symbols: "A" is there twice'],
    [{ flags: { symbols: "A,B,A:3" } }, '--symbols: "A" is there twice'],
    [{ flags: { symbols: ":2" } }, '--symbols: "" is not 1 to 16 bytes without spaces, commas and colons'],
    [{ flags: { symbols: "A:19" } }, '--symbols: "A:19": decimals "19" is not a whole number from 0 to 18'],
    [{ flags: { symbols: "A:" } }, '--symbols: "A:": decimals "" is not a whole number from 0 to 18'],
    [{ flags: { symbols: "A:-1" } }, '--symbols: "A:-1": decimals "-1" is not a whole number from 0 to 18'],
    [
      { environment: { SERIATIM_SYMBOLS: "A:2:0" } },
      'SERIATIM_SYMBOLS: "A:2:0": tick "0" is not a whole number from 1 to 9007199254740991',
    ],
    [
      { file: file('{ "symbols": ["A:2:0.5"] }') },
      'FILE: "symbols": "A:2:0.5": tick "0.5" is not a whole number from 1 to 9007199254740991',
    ],
    [
      { flags: { symbols: "A:2:1:9007199254740992" } },
      '--symbols: "A:2:1:9007199254740992": lot "9007199254740992" is not a whole number from 1 to 9007199254740991',
    ],
    [
      { flags: { symbols: "A:2:1:1:1" } },
      '--symbols: "A:2:1:1:1" has more parts than NAME[:DECIMALS[:TICK[:LOT]]]',
    ],
    [{ flags: { symbols: "A,B", symbolsMax: "1" } }, "symbols: 2 are given, but symbols-max is 1"],
    [{ flags: { orderPort: "8080" } }, "order-port and http-port are both 8080: each needs its own"],
    [{ flags: { mdPort: "8080" } }, "http-port and md-port are both 8080: each needs its own"],
    [{ flags: { mdUdp: "a:1,b:1,c:1" } }, "md-udp names 3 addresses: there are two lines, A and B"],
    [
      { flags: { mdUdp: "10.0.0.1:65533" } },
      "md-udp: 10.0.0.1:65533 leaves no room for three more ports above it",
    ],
    [{ flags: { mdUdpV1: "a:1,b:1" } }, "md-udp-v1 takes one address"],
    [{ flags: { mdInterface: "lo" } }, '--md-interface: "lo" is not an IP address'],
    [{ flags: { mdInterface: "127.0.0.1" } }, "md-interface is given, but no md-udp: there are no datagrams"],
    [
      { flags: { mdUdp: "a:9020,a:9023" } },
      "md-udp: lines A and B of one host take four ports each, 9020 and 9023 overlap",
    ],
    [
      { flags: { mdUdp: "a:9020", mdUdpV1: "a:9023" } },
      "md-udp-v1: a:9023 is one of the four ports of md-udp's a:9020",
    ],
    ...Object.entries({ mdPort: "9011", mdUdp: "a:9020", mdUdpV1: "a:9023", feedPort: "9876" }).map(
      ([name, value]): [Partial<ConfigurationSources>, string] => [
        { flags: { [name]: value, marketData: "off" } },
        `${name.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`)} is given, but market-data is off: nothing is published`,
      ],
    ),
    [
      { flags: { mdChannels: "top" } },
      "md-channels is given, but no md-port or md-udp: nothing is published",
    ],
    [{ flags: { feedHost: "0.0.0.0" } }, "feed-host is given, but no feed-port: ticks/1 is not served"],
    [
      { flags: { tapePort: "9400", httpPort: "9400" } },
      "http-port and tape-port are both 9400: each needs its own",
    ],
    [{ flags: { tapeWorkers: "2" } }, "--tape-workers is given, but no tape-port: there is no tape"],
    [
      { flags: { tapePort: "0", tapeSegmentBytes: "8388609" } },
      '--tape-segment-bytes: "8388609" is not a whole number from 8388608 to 1073741824, a multiple of 4096',
    ],
    [
      { flags: { tapePort: "0", dataDir: "a", tapeDataDir: "./a/" } },
      "data-dir and tape-data-dir are both ./a/: each needs its own",
    ],
    [
      { flags: { tapePort: "0", dataDir: "a", tapeDataDir: "a/b" } },
      "tape-data-dir a/b lies in data-dir a, where only tape may be the tape's",
    ],
    [{ flags: { tapePublish: "top" } }, "--tape-publish is given, but no tape-port: there is no tape"],
    [
      { flags: { tapePort: "0", tapePublish: "reports,levels", durability: "off" } },
      "tape-publish needs a journal: what is published is read from it, and durability is off",
    ],
    [
      { flags: { tapePort: "0", tapePublish: "reports,trades" } },
      '--tape-publish: "reports,trades" is not any of reports,top,levels,orders, with commas',
    ],
    [
      { flags: { mdChannels: "top,top" } },
      '--md-channels: "top,top" is not one or more of top,levels,orders, with commas',
    ],
    [
      { file: file('{ "order-port": "9009" }') },
      'FILE: "order-port": "9009" is text, because of the quotes, and not a whole number from 0 to 65535',
    ],
    [
      { file: file('{ "order-port": 1.5 }') },
      'FILE: "order-port": 1.5 is not a whole number from 0 to 65535',
    ],
    [{ file: file('{ "symbols": "A,B" }') }, 'FILE: "symbols": must be a list of symbols'],
    [{ file: file('{ "symbols": ["A", 7] }') }, 'FILE: "symbols": symbols must be strings'],
    [{ file: file('{ "symbols": [] }') }, 'FILE: "symbols": there must be at least one symbol'],
    [{ file: file('{ "host": null }') }, 'FILE: "host": null is not text without control characters'],
    [{ file: file('{ "orderPort": 1 }') }, 'FILE: unknown key "orderPort", is order-port meant?'],
    [{ file: file('{ "order-prt": 1 }') }, 'FILE: unknown key "order-prt", is order-port meant?'],
    [{ file: file('{ "colour": 1 }') }, 'FILE: unknown key "colour"'],
    [{ file: file('{ "__proto__": 1 }') }, 'FILE: unknown key "__proto__"'],
    [{ file: file('{ "host": "::1",\n "host": "::" }') }, 'FILE: "host" is there twice'],
    [{ file: file('{ "host": "::1",\n "\\u0068ost": "::" }') }, 'FILE: "host" is there twice'],
    [{ file: file("[]") }, "FILE: must hold one JSON object"],
    [{ file: file("") }, "FILE:1: not JSON: Unexpected end of JSON input"],
    [{ file: file('{\n "host": "::1",\n}\n') }, "FILE:3: not JSON: Expected double-quoted property name"],
    [
      { file: file('{\n "host": "::1"\n "x": 1\n}\n') },
      "FILE:3: not JSON: Expected ',' or '}' after property value",
    ],
    [{ file: file('{\n "symbols": [\n  "A",\n ]\n}\n') }, "FILE:4: not JSON: Unexpected token ']'"],
    [{ file: file('{\n "threads": tru\n}\n') }, "FILE:2: not JSON: Unexpected token '\\n'"],
    [{ file: file(Uint8Array.of(0x7b, 0xff, 0x7d)) }, "FILE: is not UTF-8 text"],
    [{ file: file(" ".repeat(1_048_577)) }, "FILE: a configuration has at most 1048576 bytes"],
    [{ file: "/dev/zero" }, "/dev/zero: a configuration has at most 1048576 bytes"],
    [{ file: join(folder, "0.json") }, "--config: cannot read FILE: no such file or directory (ENOENT)"],
    [{ file: folder }, `--config: cannot read ${folder}: it is a directory (EISDIR)`],
  ];
  test.each(rows)("%j", (sources, message) => {
    expect(refusal(sources)).toBe(message);
  });
});

test.each([
  ["10.0.0.1:9029", true],
  ["10.0.0.1:9029,[::1]:9029, south:9030", true],
  ["", true],
  ["10.0.0.1", false],
  ["10.0.0.1:9029,", false],
  ["10.0.0.1:9029;south:9030", false],
])("replica-of and peers take one address or several: %j: %s", (addresses, isTaken) => {
  for (const setting of ["replicaOf", "peers"]) {
    const loaded = () => load({ flags: { keys: "k", nodeKey: "n", [setting]: addresses } });
    if (isTaken) expect(loaded).not.toThrow();
    else expect(loaded).toThrow("is not HOST:PORT");
  }
});

test("an instrument has what its symbol says, and defaults for the rest", () => {
  const { configuration } = load({ flags: { symbols: "A,B:0,C:2:50,D:18:9007199254740991:100" } });
  expect(configuration.symbols).toEqual(["A", "B:0", "C:2:50", "D:18:9007199254740991:100"]);
  expect(genesisOf(configuration).instruments).toEqual([
    { name: "A", priceDecimals: 2, tick: 1, lot: 1 },
    { name: "B", priceDecimals: 0, tick: 1, lot: 1 },
    { name: "C", priceDecimals: 2, tick: 50, lot: 1 },
    { name: "D", priceDecimals: 18, tick: 9007199254740991, lot: 100 },
  ]);
});

test("a wrong value is shown only up to a bound", () => {
  expect(refusal({ flags: { orderPort: "9".repeat(5_000) } }).length).toBeLessThan(150);
  expect(refusal({ flags: { symbols: "S".repeat(70) } })).toContain(
    `"${"S".repeat(60)}"... is not 1 to 16 bytes`,
  );
});

test("channels are kept in their own order, however they are given", () => {
  const channels = (sources: Partial<ConfigurationSources>) => load(sources).configuration.mdChannels;
  expect(channels({})).toEqual(["top", "levels", "orders"]);
  expect(channels({ flags: { mdPort: "0", mdChannels: "orders, top" } })).toEqual(["top", "orders"]);
  expect(channels({ file: file('{ "md-port": 0, "md-channels": ["levels"] }') })).toEqual(["levels"]);
});
