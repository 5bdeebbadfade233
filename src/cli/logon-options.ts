// What commands that trade need where the open mode is off, or the way to the exchange is a network: a key to log on with, and TLS.

import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { storageError } from "../base/index.ts";
import type { Signer, TlsOptions } from "../client/index.ts";
import { readOwnKey } from "../runtime/index.ts";

export interface LogonOptions {
  readonly key?: string;
  readonly tlsCa?: string;
}

export function addLogonOptions(command: Command): Command {
  return command
    .option("--key <file>", "a trader's own key, to log on with; without it open mode is spoken")
    .option("--tls-ca <file>", "speak TLS, with an exchange whose certificate these (PEM) vouch for");
}

/** The key and the certificates; throws SeriatimError naming the file. */
export function logonOf({ key, tlsCa }: LogonOptions): { key?: Signer; tls?: TlsOptions } {
  return {
    ...(key !== undefined && { key: readOwnKey(key) }),
    ...(tlsCa !== undefined && { tls: { ca: readText(tlsCa) } }),
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw storageError((error as NodeJS.ErrnoException).code ?? "EIO", "read", path, error);
  }
}
