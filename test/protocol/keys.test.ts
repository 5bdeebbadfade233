// Keys files: what is written reads back, one pinned as text, and everything else refused in one line.

import { expect, test } from "vitest";
import { SeriatimError } from "../../src/base/index.ts";
import { formatKeys, KEYS_MAX, type KeyEntry, parseKeys } from "../../src/protocol/index.ts";

const PUBLIC = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const PRIVATE = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
const KEYS: readonly KeyEntry[] = [
  { name: "ann", role: "admin", public: PUBLIC },
  { name: "0123456789abcdef", role: "replica", public: PUBLIC, private: PRIVATE },
];
const TEXT = `{
  "version": 1,
  "keys": [
    {"name":"ann","role":"admin","public":"${PUBLIC}"},
    {"name":"0123456789abcdef","role":"replica","public":"${PUBLIC}","private":"${PRIVATE}"}
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
const ROLE = "the role of ann is none of replica, admin, client";

test.each<[what: string, text: string, says: string]>([
  ["no JSON", "{", "k.json: is not JSON"],
  ["a list", "[]", "k.json: must hold one JSON object"],
  [
    "a version of the future",
    '{"version":2}',
    "k.json: version 2 of a keys file is not known to this program",
  ],
  ["no version", '{"keys":[]}', "k.json: is no keys file: it has no version"],
  ["a key of the future", '{"version":1,"keys":[],"until":1}', 'k.json: a keys file has no field "until"'],
  ["keys that are no list", '{"version":1,"keys":{}}', "k.json: 'keys' is not a list"],
  ["a key that is no object", '{"version":1,"keys":[7]}', "k.json: key 1: is no object"],
  ["a field of the future", key({ until: 1 }), 'k.json: key 1: a key has no field "until"'],
  [
    "a name with a space",
    key({ name: "a b" }),
    "k.json: key 1: a name is 1 to 16 printable ASCII characters without a space",
  ],
  [
    "a name of 17 bytes",
    key({ name: "0123456789abcdefg" }),
    "k.json: key 1: a name is 1 to 16 printable ASCII characters without a space",
  ],
  ["another role", key({ role: "root" }), `k.json: key 1: ${ROLE}`],
  [
    "a short key",
    key({ public: PUBLIC.slice(1) }),
    "k.json: key 1: the public key of ann is not 32 bytes in base64url",
  ],
  [
    "bits behind the key",
    key({ public: `${PUBLIC.slice(0, 42)}p` }),
    "k.json: key 1: the public key of ann is not 32 bytes in base64url",
  ],
  [
    "an empty private key",
    key({ private: "" }),
    "k.json: key 1: the private key of ann is not 32 bytes in base64url",
  ],
  [
    "the same name twice",
    JSON.stringify({ version: 1, keys: [KEYS[0], KEYS[0]] }),
    "k.json: there are two keys named ann",
  ],
])("%s is refused", (_what, text, says) => {
  expect(refusalOf(text)).toBe(says);
});

test("more keys than a ring holds are refused", () => {
  const keys = Array.from({ length: KEYS_MAX + 1 }, (_, i) => ({ ...KEYS[0], name: `k${i}` }));
  expect(refusalOf(JSON.stringify({ version: 1, keys }))).toBe("k.json: 4097 keys, at most 4096 are allowed");
});
