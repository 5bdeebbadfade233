// A node's certificate, its key and whom it trusts, read once at start. What is wrong with them is said then, in one line, not by
// the first peer that fails.

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { SeriatimError } from "../base/index.ts";
import { PEM_BYTES_MAX, type PeerTls, readBoundedFile, type TlsIdentity } from "../platform/index.ts";
import type { Configuration } from "./settings.ts";

export interface NodeTls {
  /** What its listeners prove themselves with; undefined: they are plain TCP. */
  readonly identity: TlsIdentity | undefined;
  /** When its certificate ends. */
  readonly expires_us: number | undefined;
  /** PEM: who may vouch for the certificates of other nodes; undefined: they are connected to by plain TCP. */
  readonly ca: string | undefined;
}

type TlsSettings = Pick<Configuration, "tlsCert" | "tlsKey" | "tlsCa" | "nodeKey">;

/** Throws CONFIGURATION_INVALID for settings of TLS that contradict one another. */
export function refuseHalfTls({ tlsCert, tlsKey, tlsCa, nodeKey }: TlsSettings): void {
  const half = (given: string, lacking: string) => invalid(`${given} is given without ${lacking}`);
  if (tlsCert !== "" && tlsKey === "") throw half("tls-cert", "tls-key");
  if (tlsKey !== "" && tlsCert === "") throw half("tls-key", "tls-cert");
  // The nodes of a cluster are alike: all listen by TLS and connect by it, or none.
  if (nodeKey !== "" && tlsCert !== "" && tlsCa === "")
    throw half("tls-cert of a node of a cluster", "tls-ca");
  if (tlsCa !== "" && (nodeKey === "" || tlsCert === ""))
    throw invalid(
      "tls-ca is for the nodes of a cluster that have a tls-cert: here nobody is connected to by TLS",
    );
}

/** Reads the files; throws SeriatimError (`TLS_INVALID` or the system's code, exit 2) naming the setting, the file and what is wrong. */
export function readTls({ tlsCert, tlsKey, tlsCa }: TlsSettings, now_us: number): NodeTls {
  const ca = tlsCa === "" ? undefined : read("tls-ca", tlsCa);
  if (ca !== undefined) certificateOf("tls-ca", tlsCa, ca);
  if (tlsCert === "") return { identity: undefined, expires_us: undefined, ca };
  const identity = { cert: read("tls-cert", tlsCert), key: read("tls-key", tlsKey) };
  const certificate = certificateOf("tls-cert", tlsCert, identity.cert);
  if (!certificate.checkPrivateKey(privateKeyOf(tlsKey, identity.key)))
    throw wrong("tls-key", tlsKey, `is not the key of the certificate in ${tlsCert}`);
  refuseOutOfTime(tlsCert, certificate, now_us / 1_000);
  return { identity, expires_us: Date.parse(certificate.validTo) * 1_000, ca };
}

/** Of a node of a cluster that has TLS. */
export function peerTlsOf({ identity, ca }: NodeTls): PeerTls | undefined {
  return identity === undefined || ca === undefined ? undefined : { ...identity, ca };
}

function read(setting: string, path: string): string {
  const pem = readBoundedFile(path, PEM_BYTES_MAX, setting);
  if (pem === undefined) throw wrong(setting, path, `has more than ${PEM_BYTES_MAX} bytes`);
  return pem.toString("utf8");
}

function certificateOf(setting: string, path: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw wrong(setting, path, "holds no certificate (PEM)");
  }
}

function privateKeyOf(path: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw wrong("tls-key", path, "holds no private key (PEM, without a passphrase)");
  }
}

function refuseOutOfTime(path: string, { validFrom, validTo }: X509Certificate, now_ms: number): void {
  if (now_ms < Date.parse(validFrom)) throw wrong("tls-cert", path, `is not good before ${validFrom}`);
  if (now_ms > Date.parse(validTo)) throw wrong("tls-cert", path, `has expired: ${validTo}`);
}

function wrong(setting: string, path: string, what: string): SeriatimError {
  return new SeriatimError("TLS_INVALID", `${setting}: ${path} ${what}`, { exitCode: 2 });
}

function invalid(message: string): SeriatimError {
  return new SeriatimError("CONFIGURATION_INVALID", message, { exitCode: 2 });
}
