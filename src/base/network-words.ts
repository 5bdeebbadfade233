// The network's error codes in words, for people: the system's own text is the name of a call and a code.

import type { ListenAddress } from "./transport.ts";

/** In place of Node's own text, which advises a flag of `node` that this program does not have. */
const UNVOUCHED =
  "none of the certificates that are trusted here (--tls-ca, or `ca` in a program) vouches for its own";

const WORDS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EADDRINUSE: "is in use",
  EADDRNOTAVAIL: "this machine has no such address",
  EAI_AGAIN: "its name can't be looked up now",
  DEPTH_ZERO_SELF_SIGNED_CERT: UNVOUCHED,
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the other end broke it off",
  EHOSTUNREACH: "the host can't be reached",
  ENETUNREACH: "its network can't be reached",
  ENOTFOUND: "there is no host of that name",
  EPIPE: "the other end broke it off",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "what it says is no TLS",
  ERR_SSL_WRONG_VERSION_NUMBER: "what it says is no TLS",
  ETIMEDOUT: "nobody answers",
  SELF_SIGNED_CERT_IN_CHAIN: UNVOUCHED,
  UNABLE_TO_GET_ISSUER_CERT: UNVOUCHED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNVOUCHED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNVOUCHED,
};

/** In words why a connection or a listener failed; `otherwise` for a code that is not known here. */
export function networkWords(code: string | undefined, otherwise: string): string {
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return otherHost(otherwise);
  return (code === undefined ? undefined : WORDS[code]) ?? otherwise;
}

/** `text` ends with the names that the certificate has, where it has any. */
function otherHost(text: string): string {
  const [, names] = /(?:altnames|list): ((?:DNS|IP Address):.*)$/.exec(text) ?? [];
  return `its certificate is not for this host${names === undefined ? "" : `, but for ${names}`}`;
}

/** What is said when an address can't be listened on, in the same words by whoever finds it out. */
export function listenWords(
  { setting, host, port }: ListenAddress,
  code: string | undefined,
  otherwise: string,
): string {
  const where = setting === undefined ? `${host}:${port}` : `${setting} ${port} on ${host}`;
  const words = networkWords(code, otherwise);
  return code === "EADDRINUSE" ? `${where} ${words}` : `${where} can't be listened on: ${words}`;
}
