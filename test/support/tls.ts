// The certificates of tests (test/support/tls).

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const pathOf = (name: string) => fileURLToPath(new URL(`./tls/${name}.pem`, import.meta.url));

export const TLS_FILES = {
  cert: pathOf("cert"),
  key: pathOf("key"),
  expired: pathOf("expired"),
  otherKey: pathOf("other-key"),
  stranger: pathOf("stranger"),
};

/** What a listener proves itself with, and what its peers trust. */
export const TLS = { cert: readFileSync(TLS_FILES.cert, "utf8"), key: readFileSync(TLS_FILES.key, "utf8") };
