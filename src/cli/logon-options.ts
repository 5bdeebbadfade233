// What commands that trade need where the open mode is off, or the way to the exchange is a network: a key to log on with, and TLS.

import type { Command } from "commander";
import { SeriatimError } from "../base/index.ts";
import { type Signer, signerOf, type TlsOptions } from "../client/index.ts";
import { readOwnKey } from "../runtime/index.ts";
import { usageError } from "./arguments.ts";
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
    ...(options.key !== undefined && { key: signerOfFile(options.key) }),
    ...(ca !== undefined && { tls: { ca } }),
  };
}

/** A file that can't be read is wrong usage, like any other file that is named on the command line. */
function signerOfFile(path: string): Signer {
  try {
    return signerOf(path);
  } catch (error) {
    if (!(error instanceof SeriatimError)) throw error;
    const { code, message } = error;
    // The system's text does not say what the file was for.
    const line = /^E[A-Z]+$/.test(code) ? `--key: ${message}` : message;
    throw new SeriatimError(code, line, { exitCode: 2, cause: error });
  }
}

/** The account that is meant when none is said: the only one of the key; 0 without a key, or with one for all accounts. */
export function accountMeant(path: string | undefined): number {
  const accounts = path === undefined ? "all" : (readOwnKey(path, "--key").accounts ?? "all");
  if (accounts === "all") return 0;
  if (accounts.length === 1) return accounts[0];
  throw usageError(`--account is missing: ${path} is for ${accounts.length} accounts`);
}
