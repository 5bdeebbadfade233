// The file of --tls-ca: who vouches for the certificate of the node that a command connects to.

import { X509Certificate } from "node:crypto";
import { PEM_BYTES_MAX, readBoundedFile } from "../platform/index.ts";
import { usageError } from "./arguments.ts";

/** PEM; undefined without the option: plain TCP. */
export function readTlsCa(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  // A file that is too large is no certificate.
  const pem = readBoundedFile(path, PEM_BYTES_MAX, "--tls-ca")?.toString("utf8") ?? "";
  try {
    new X509Certificate(pem);
    return pem;
  } catch {
    throw usageError(`--tls-ca: ${path} holds no certificate (PEM)`);
  }
}
