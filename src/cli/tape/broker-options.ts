// Where the tape is, and what to log on to it with: the same options for every command that is its client.

import type { Command } from "commander";
import { SeriatimError } from "../../base/index.ts";
import { environmentTapeSetting } from "../../node/index.ts";
import { usageError, wholeNumber } from "../arguments.ts";
import { readsEnvironment } from "../environment.ts";
import { type LogonOptions, logonOf } from "../logon-options.ts";

export interface BrokerOptions extends LogonOptions {
  readonly host?: string;
  readonly port?: number;
}

/** Of commands that go on over lost connections. */
export interface RetryOptions {
  readonly retry: number;
}

const HOW = "plain TCP (TLS is spoken with --tls-ca)";
const RETRY_S = 120;
const RETRY_MAX_S = 1_000_000;

export function addRetryOption(command: Command): Command {
  const parse = wholeNumber("--retry", 0, RETRY_MAX_S);
  return command.option("--retry <s>", "how long to look for a tape that was lost", parse, RETRY_S);
}

export function addBrokerOptions(command: Command): Command {
  return readsEnvironment(command)
    .option("--host <address>", "where the tape listens; else SERIATIM_TAPE_HOST, else 127.0.0.1")
    .option("--port <n>", "its port; else SERIATIM_TAPE_PORT, else 9400", wholeNumber("--port", 1, 65_535))
    .option("--key <file>", "a key's own file, to log on with; without it the open mode is spoken")
    .option("--tls-ca <file>", "speak TLS, with a tape whose certificate these (PEM) vouch for");
}

/** What a client's `connect` gives; of a port at which something else listens the error says what to look at. */
export async function connected<Client>(connecting: Promise<Client>): Promise<Client> {
  try {
    return await connecting;
  } catch (error) {
    if (!(error instanceof SeriatimError) || error.code !== "PROTOCOL") throw error;
    const message = `${error.message}: is it a tape's port, and does it speak ${HOW}?`;
    throw new SeriatimError(error.code, message, { cause: error });
  }
}

/** Throws SeriatimError naming what is wrong. */
export function brokerOf(options: BrokerOptions, environment: Readonly<Record<string, string | undefined>>) {
  const host = options.host ?? environmentTapeSetting("tapeHost", environment);
  const port = options.port ?? environmentTapeSetting("tapePort", environment);
  if (port === 0)
    throw usageError("SERIATIM_TAPE_PORT is 0, which is any free port: --port has to name the one it took");
  return { host, port, ...logonOf(options) };
}
