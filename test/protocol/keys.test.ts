// Keys files: what is written reads back, one pinned as text, and everything else refused in one line.

import { expect, test } from "vitest";
import { SeriatimError } from "../../src/base/index.ts";
import {
  formatKeys,
  KEYS_MAX,
  type KeyEntry,
  type KeyRole,
  mayUseTopic,
  parseKeys,
  type TopicRight,
} from "../../src/protocol/index.ts";

const PUBLIC = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const PRIVATE = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
const TOKEN = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";
const KEYS: readonly KeyEntry[] = [
  { name: "ann", role: "admin", public: PUBLIC },
  { name: "0123456789abcdef", role: "replica", public: PUBLIC, private: PRIVATE },
  {
    name: "maker-1",
    role: "trader",
    accounts: [0, 7, 4_294_967_295],
    limits: { frames_per_second: 5000, cancels_per_second: 10_000_000, connections: 1 },
    token: TOKEN,
    public: PUBLIC,
  },
  { name: "desk", role: "reader", accounts: "all", public: PUBLIC },
  {
    name: "loader",
    role: "tape",
    topics: [{ name: "md.*", may: ["publish", "subscribe"] }],
    limits: { bytes_per_second: 50_000_000 },
    public: PUBLIC,
  },
];
const TEXT = `{
  "version": 1,
  "keys": [
    {"name":"ann","role":"admin","public":"${PUBLIC}"},
    {"name":"0123456789abcdef","role":"replica","public":"${PUBLIC}","private":"${PRIVATE}"},
    {"name":"maker-1","role":"trader","accounts":[0,7,4294967295],"limits":{"frames_per_second":5000,"cancels_per_second":10000000,"connections":1},"token":"${TOKEN}","public":"${PUBLIC}"},
    {"name":"desk","role":"reader","accounts":"all","public":"${PUBLIC}"},
    {"name":"loader","role":"tape","topics":[{"name":"md.*","may":["publish","subscribe"]}],"limits":{"bytes_per_second":50000000},"public":"${PUBLIC}"}
  ]
}
`;

test("keys are written as the pinned text, and read back", () => {
  expect(formatKeys(KEYS)).toBe(TEXT);
  expect(parseKeys(TEXT, "k.json")).toEqual(KEYS);
});

function refusalOf(text: string): string {
  try {
    parseKeys(text, "k.json");
  } catch (error) {
    if (error instanceof SeriatimError && error.code === "KEYS_INVALID") return error.message;
    throw error;
  }
  return "taken";
}

const key = (fields: object) => JSON.stringify({ version: 1, keys: [{ ...KEYS[0], ...fields }] });
const trader = (fields: object) => key({ role: "trader", accounts: [1], ...fields });
const ROLE = "the role of ann is none of trader, reader, admin, replica, tape";
const TOPIC = "a topic of ann is not 1 to 255 characters A-Z a-z 0-9 . _ -, the last of which may be *";
const NUMBERS = "are not whole numbers from 0 to 4294967295, each above the one before";

test.each<[what: string, text: string, says: string]>([
  ["no JSON", "{", "k.json: line 1: is not JSON"],
  ["a list", "[]", "k.json: must hold one JSON object"],
  [
    "a version of the future",
    '{"version":2}',
    "k.json: version 2 of a keys file is not known to this program",
  ],
  [
    "a version nested deeper than a stack",
    `{"version":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
    "k.json: version [...] of a keys file is not known to this program",
  ],
  [
    "a field with a name of many kB",
    `{"version":1,"keys":[],"${"x".repeat(100_000)}":1}`,
    `k.json: a keys file has no field "${"x".repeat(60)}"...`,
  ],
  ["no version", '{"keys":[]}', "k.json: is no keys file: it has no version"],
  ["a key of the future", '{"version":1,"keys":[],"until":1}', 'k.json: a keys file has no field "until"'],
  ["keys that are no list", '{"version":1,"keys":{}}', "k.json: 'keys' is not a list"],
  ["a key that is no object", '{"version":1,"keys":[7]}', "k.json: line 1: a key that is no object"],
  ["a field of the future", key({ until: 1 }), 'k.json: line 1: a key has no field "until"'],
  [
    "a name with a space",
    key({ name: "a b" }),
    "k.json: line 1: a name is 1 to 16 printable ASCII characters without a space",
  ],
  [
    "a name of 17 bytes",
    key({ name: "0123456789abcdefg" }),
    "k.json: line 1: a name is 1 to 16 printable ASCII characters without a space",
  ],
  ["another role", key({ role: "root" }), `k.json: line 1: ${ROLE}`],
  [
    "a short key",
    key({ public: PUBLIC.slice(1) }),
    "k.json: line 1: the public key of ann is not 32 bytes in base64url",
  ],
  [
    "bits behind the key",
    key({ public: `${PUBLIC.slice(0, 42)}p` }),
    "k.json: line 1: the public key of ann is not 32 bytes in base64url",
  ],
  [
    "an empty private key",
    key({ private: "" }),
    "k.json: line 1: the private key of ann is not 32 bytes in base64url",
  ],
  [
    "the same name twice",
    JSON.stringify({ version: 1, keys: [KEYS[0], KEYS[0]] }),
    "k.json: line 1: there is a key named ann already, in line 1",
  ],
  [
    "the same token twice",
    JSON.stringify({ version: 1, keys: [KEYS[2], { ...KEYS[2], name: "maker-2" }] }, null, 1),
    `k.json: line 20: there is a key with the token ${TOKEN} already, in line 4`,
  ],
  ["an old role", key({ role: "client" }), `k.json: line 1: ${ROLE}`],
  [
    "a trader without accounts",
    key({ role: "trader" }),
    'k.json: line 1: the accounts of ann are not a list of numbers, nor "all"',
  ],
  [
    "a reader of no account",
    trader({ role: "reader", accounts: [] }),
    'k.json: line 1: the accounts of ann are not a list of numbers, nor "all"',
  ],
  ["an account's name", trader({ accounts: ["alice"] }), `k.json: line 1: the accounts of ann ${NUMBERS}`],
  ["a negative account", trader({ accounts: [-1] }), `k.json: line 1: the accounts of ann ${NUMBERS}`],
  [
    "an account past 32 bits",
    trader({ accounts: [4_294_967_296] }),
    `k.json: line 1: the accounts of ann ${NUMBERS}`,
  ],
  ["an account twice", trader({ accounts: [1, 1] }), `k.json: line 1: the accounts of ann ${NUMBERS}`],
  [
    "too many accounts",
    trader({ accounts: Array.from({ length: 4_097 }, (_, i) => i) }),
    'k.json: line 1: the accounts of ann are not at most 4096, nor "all"',
  ],
  [
    "an administrator's account",
    key({ accounts: [1] }),
    "k.json: line 1: ann is no trader or reader but admin, and has no accounts",
  ],
  [
    "an administrator's token",
    key({ token: TOKEN }),
    "k.json: line 1: ann is no trader or reader but admin, and has no token",
  ],
  [
    "a token that is none",
    trader({ token: "secret" }),
    "k.json: line 1: the token of ann is not 32 bytes in base64url (the SHA-256 of the token)",
  ],
  ["limits in a list", trader({ limits: [1] }), "k.json: line 1: the limits of ann are no object"],
  [
    "a limit of the future",
    trader({ limits: { orders: 1 } }),
    'k.json: line 1: limits (of ann) has no field "orders"',
  ],
  [
    "a limit of nothing",
    trader({ limits: { connections: 0 } }),
    "k.json: line 1: the limit connections of ann is not a whole number from 1 to 65536",
  ],
  [
    "a limit above the most",
    trader({ limits: { frames_per_second: 10_000_001 } }),
    "k.json: line 1: the limit frames_per_second of ann is not a whole number from 1 to 10000000",
  ],
  [
    "a key of the tape without topics",
    key({ role: "tape" }),
    "k.json: line 1: ann is of role tape, and has no topics",
  ],
  [
    "topics of a node",
    key({ role: "replica", topics: [{ name: "*", may: ["publish"] }] }),
    "k.json: line 1: ann is no trader or reader but replica, and has no topics",
  ],
  ["no rule", key({ topics: [] }), "k.json: line 1: the topics of ann are not a list of 1 to 64 rules"],
  [
    "a rule of the future",
    key({ topics: [{ name: "a", may: ["publish"], until: 1 }] }),
    'k.json: line 1: a rule in the topics of ann has no field "until"',
  ],
  [
    "a rule that is a name",
    key({ topics: ["a"] }),
    "k.json: line 1: a rule in the topics of ann is no object",
  ],
  [
    "a star within a topic's name",
    key({ topics: [{ name: "a*b", may: ["publish"] }] }),
    `k.json: line 1: ${TOPIC}`,
  ],
  ["a topic without a name", key({ topics: [{ name: "", may: ["publish"] }] }), `k.json: line 1: ${TOPIC}`],
  [
    "a right that there is not",
    key({ topics: [{ name: "a", may: ["write"] }] }),
    "k.json: line 1: what ann may do with a is not some of publish, subscribe, administer, each once",
  ],
  [
    "an administrator's limit of orders",
    key({ limits: { frames_per_second: 1 } }),
    'k.json: line 1: limits (of ann) has no field "frames_per_second"',
  ],
  [
    "a trader of the node's name",
    trader({ name: "node" }),
    "k.json: line 1: the name node of a trader is the node's own",
  ],
])("%s is refused", (_what, text, says) => {
  expect(refusalOf(text)).toBe(says);
});

test("more keys than a ring holds are refused", () => {
  const keys = Array.from({ length: KEYS_MAX + 1 }, (_, i) => ({ ...KEYS[0], name: `k${i}` }));
  expect(refusalOf(JSON.stringify({ version: 1, keys }))).toBe("k.json: 4097 keys, at most 4096 are allowed");
});

test("a node may be named node", () => {
  expect(refusalOf(key({ name: "node", role: "replica" }))).toBe("taken");
});

test("every key that is wrong is named with its line, and of very many the number is said", () => {
  const lines = (wrong: number) =>
    formatKeys([
      ...Array.from({ length: wrong }, (_, i) => ({
        name: `k${i}`,
        role: "root" as KeyRole,
        public: PUBLIC,
      })),
      { name: "ann", role: "admin", public: PUBLIC },
    ]);
  expect(refusalOf(lines(2))).toBe(
    `k.json: line 4: ${ROLE.replace("ann", "k0")}; line 5: ${ROLE.replace("ann", "k1")}`,
  );
  expect(refusalOf(lines(11))).toMatch(/^k.json: line 4: .*; line 11: [^;]*; and 3 more$/);
});

test.each<[what: string, text: string, line: number]>([
  ["a comma too many", '{\n"version": 1,\n"keys": [\n{},\n,\n{}]}', 5],
  ["a line break in a name", '{\n"version": 1,\n"keys": [{"name": "a\nb"}]}', 3],
  ["an end that is missing", '{\n"version": 1,\n"keys": [\n', 4],
  ["something behind the end", '{\n"version": 1}\n\n}', 4],
  ["nothing", "", 1],
  ["a name without quotes, far down", `{"keys": [\n${"{},\n".repeat(2_000)}ann\n]}`, 2_002],
])("text that is not JSON is told with the line where it ends to be: %s", (_what, text, line) => {
  expect(refusalOf(text)).toBe(`k.json: line ${line}: is not JSON`);
});

test("a key's line is found whatever stands in it, also brackets and quotes in text", () => {
  const text = `{"version":1,\n"keys":\n[{"name":"a]{","role":"admin","public":"${PUBLIC}"}\n,{"name":"\\"b\\\\",\n"role":"x"},\n{"name":"c","role":"trader","accounts":[1,\n[2]],"public":"${PUBLIC}"}]}`;
  expect(refusalOf(text)).toBe(
    `k.json: line 4: the role of "b\\ is none of trader, reader, admin, replica, tape; line 6: the accounts of c ${NUMBERS}`,
  );
});

test.each<[topic: string, right: TopicRight, isAdmin: boolean, may: boolean]>([
  ["md.trades", "publish", false, true],
  ["md.", "subscribe", false, true],
  ["md", "publish", false, false],
  ["md.trades", "administer", false, false],
  ["audit", "subscribe", false, true],
  ["audit", "publish", false, false],
  ["audit.1", "subscribe", false, false],
  ["Audit", "subscribe", false, false],
  ["md.trades", "administer", true, true],
  ["other", "publish", true, false],
])("with rules for md.* and audit: %s, %s, as an administrator %s: %s", (topic, right, isAdmin, may) => {
  const topics = [
    { name: "md.*", may: ["publish", "subscribe"] },
    { name: "audit", may: ["subscribe"] },
  ] as const;
  expect(mayUseTopic({ name: "ann", isAdmin, topics, bytesPerSecond: undefined }, topic, right)).toBe(may);
});
