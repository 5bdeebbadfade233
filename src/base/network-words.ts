// What the network's error codes mean to who reads a message: the system's own text is a call and a code.

const WORDS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EADDRINUSE: "is in use",
  EADDRNOTAVAIL: "this machine has no such address",
  EAI_AGAIN: "its name can't be looked up now",
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the other end broke it off",
  EHOSTUNREACH: "the host can't be reached",
  ENETUNREACH: "its network can't be reached",
  ENOTFOUND: "there is no host of that name",
  EPIPE: "the other end broke it off",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "what it says is no TLS",
  ERR_SSL_WRONG_VERSION_NUMBER: "what it says is no TLS",
  ETIMEDOUT: "nobody answers",
};

/** In words why a connection or a listener failed; `otherwise` for a code that is not known here. */
export function networkWords(code: string | undefined, otherwise: string): string {
  return (code === undefined ? undefined : WORDS[code]) ?? otherwise;
}
