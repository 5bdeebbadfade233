// What commands that trade need where the open mode is off, or the way to the exchange is a network: a key to log on with, and TLS.

import type { Command } from "commander";
import type { Signer, TlsOptions } from "../client/index.ts";
import { readOwnKey } from "../runtime/index.ts";
import { readTlsCa } from "./tls-ca.ts";

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
export function logonOf(options: LogonOptions): { key?: Signer; tls?: TlsOptions } {
  const ca = readTlsCa(options.tlsCa);
  return {
    ...(options.key !== undefined && { key: readOwnKey(options.key) }),
    ...(ca !== undefined && { tls: { ca } }),
  };
}
