import { expect, test } from "vitest";
import { listenWords, networkWords } from "../../src/base/index.ts";

const UNVOUCHED =
  "none of the certificates that are trusted here (--tls-ca, or `ca` in a program) vouches for its own";

test.each([
  ["ECONNREFUSED", "connect ECONNREFUSED 127.0.0.1:1", "nothing listens there"],
  [undefined, "what is said otherwise", "what is said otherwise"],
  ["ENEW", "what is said otherwise", "what is said otherwise"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "self-signed certificate; if the root CA ... --use-system-ca", UNVOUCHED],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "unable to verify the first certificate", UNVOUCHED],
  [
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "Hostname/IP does not match certificate's altnames: Host: localhost. is not in the cert's altnames: DNS:a.example, IP Address:127.0.0.1",
    "its certificate is not for this host, but for DNS:a.example, IP Address:127.0.0.1",
  ],
  [
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "Hostname/IP does not match certificate's altnames: Cert does not contain a DNS name",
    "its certificate is not for this host",
  ],
])("%s is said in words of ours", (code, otherwise, words) => {
  expect(networkWords(code, otherwise)).toBe(words);
});

test.each([
  ["EADDRINUSE", "127.0.0.1:9009 is in use", "order-port 9009 on 127.0.0.1 is in use"],
  [
    "EACCES",
    "127.0.0.1:9009 can't be listened on: permission denied",
    "order-port 9009 on 127.0.0.1 can't be listened on: permission denied",
  ],
])(
  "an address that can't be listened on (%s) is said by its setting, where it has one",
  (code, bare, named) => {
    const address = { host: "127.0.0.1", port: 9009 };
    expect(listenWords(address, code, "")).toBe(bare);
    expect(listenWords({ ...address, setting: "order-port" }, code, "")).toBe(named);
  },
);
