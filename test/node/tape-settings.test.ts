// The table of a tape alone: the rows of a node's, under shorter names.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  type ConfigurationSources,
  loadConfiguration,
  loadTapeConfiguration,
  SETTINGS,
  settingFlag,
  settingVariable,
  TAPE_SERVE_SETTINGS,
} from "../../src/node/index.ts";

const folder = mkdtempSync(join(tmpdir(), "seriatim-tape-settings-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function file(content: object): string {
  const path = join(folder, `${++files}.json`);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

function load(sources: Partial<ConfigurationSources>) {
  return loadTapeConfiguration({ flags: {}, environment: {}, ...sources });
}

test("a tape alone has every setting of a node's tape without the prefix, and the node's of keys, TLS and log", () => {
  const ofTheNode = SETTINGS.filter(({ name }) => name.startsWith("tape") && name !== "tapePublish");
  expect(TAPE_SERVE_SETTINGS.map(settingFlag)).toEqual([
    ...ofTheNode.map((setting) => settingFlag(setting).replace("--tape-", "--")),
    ...["--keys", "--tls-cert", "--tls-key", "--log-level"],
  ]);
  for (const { name, ...served } of TAPE_SERVE_SETTINGS) {
    const row = SETTINGS.find((setting) => setting.name === name);
    expect(row && settingVariable(row)).toBe(settingVariable({ name, ...served }));
  }
});

test("a tape alone listens by default; inside a node there is none unless it is asked for", () => {
  expect(load({})).toMatchObject({
    ...{ tapePort: 9400, tapeHost: "127.0.0.1", tapeDataDir: "./seriatim-tape", tapeStaging: 32 },
    ...{ tapeDelivery: 16, tapeWorkers: 1, tapeSegmentBytes: 67_108_864, tapeLeaseMs: 30_000 },
    ...{ tapeRetainBytes: 0, tapeRetainHours: 0, tapeConnectionsMax: 1_024 },
    ...{ keys: "", tlsCert: "", tlsKey: "", logLevel: "info" },
  });
  const { configuration } = loadConfiguration({ flags: {}, environment: {} });
  expect(configuration).toMatchObject({ tapePort: -1, tapeDataDir: "" });
});

test("flags come before variables, these before the file, and the file is not the exchange's", () => {
  const path = file({ port: 3, workers: 4, staging: 5 });
  const environment = {
    ...{ SERIATIM_TAPE_PORT: "2", SERIATIM_TAPE_WORKERS: "2", SERIATIM_TAPE_CONFIG: path },
    SERIATIM_CONFIG: join(folder, "of-the-exchange.json"),
  };
  expect(load({ flags: { port: "1" }, environment })).toMatchObject({
    ...{ tapePort: 1, tapeWorkers: 2, tapeStaging: 5 },
  });
});

test.each<[sources: () => Partial<ConfigurationSources>, says: RegExp]>([
  [() => ({ flags: { port: "-1" } }), /^--port: "-1" is not a whole number from 0 to 65535$/],
  [() => ({ flags: { dataDir: "" } }), /^--data-dir: is empty$/],
  [() => ({ flags: { leaseMs: "99" } }), /^--lease-ms: "99" is not a whole number from 100 to 3600000$/],
  [
    () => ({ environment: { SERIATIM_TAPE_STAGING: "0" } }),
    /^SERIATIM_TAPE_STAGING: "0" is not a whole number from 1 to 1024$/,
  ],
  [() => ({ file: file({ "tape-port": 1 }) }), /: unknown key "tape-port"$/],
  [() => ({ file: file({ stagin: 1 }) }), /: unknown key "stagin", is staging meant\?$/],
  [() => ({ file: file({ "order-port": 1 }) }), /: unknown key "order-port"$/],
  [() => ({ flags: { tlsCert: "a.pem" } }), /^tls-cert is given without tls-key$/],
  [() => ({ flags: { tlsKey: "a.key" } }), /^tls-key is given without tls-cert$/],
])("what is wrong is refused in one line: %s", (sources, says) => {
  expect(() => load(sources())).toThrow(says);
});
