// What a client may be told of TLS, and whether it can be.

/// <reference types="node" preserve="true" />

import { X509Certificate } from "node:crypto";
import { checkObject, checkText, invalidArgument } from "./errors.ts";

export interface TlsOptions {
  /** Certificates that the exchange's may be signed by, in PEM; those of the system by default. */
  readonly ca?: string;
}

/** Throws SeriatimError `INVALID_ARGUMENT`: TLS takes anything for a certificate, and then trusts nobody. */
export function checkTls(tls: TlsOptions | undefined): void {
  if (tls === undefined) return;
  checkObject("tls", tls);
  const { ca } = tls;
  if (ca === undefined) return;
  checkText("tls.ca", ca);
  try {
    new X509Certificate(ca);
  } catch {
    throw invalidArgument("tls.ca holds no certificate: it is the text of a PEM file, not its path");
  }
}
