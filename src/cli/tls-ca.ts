// The file of --tls-ca: who vouches for the certificate of the node that a command connects to.

import { X509Certificate } from "node:crypto";
import { systemWords } from "../base/index.ts";
import { PEM_BYTES_MAX, readBoundedFile } from "../platform/index.ts";
import { usageError } from "./arguments.ts";

/** PEM; undefined without the option: plain TCP. */
export function readTlsCa(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    // A file that is too large is no certificate.
    const pem = readBoundedFile(path, PEM_BYTES_MAX)?.toString("utf8") ?? "";
    new X509Certificate(pem);
    return pem;
  } catch (error) {
    const { code, errno } = error as NodeJS.ErrnoException;
    if (code !== undefined && code !== "ENOENT" && errno !== undefined)
      throw usageError(`--tls-ca ${path}: can't be read: ${systemWords(code)}`);
    const why = code === "ENOENT" ? "there is no such file" : "it holds no certificate (PEM)";
    throw usageError(`--tls-ca ${path}: ${why}`);
  }
}
