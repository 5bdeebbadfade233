import { expect, test } from "vitest";
import { networkWords } from "../../src/base/index.ts";

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
