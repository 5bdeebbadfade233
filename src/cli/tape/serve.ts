// `seriatim tape serve`: a tape without an exchange, until a signal ends it.

import type { Command } from "commander";
import {
  createLog,
  loadTapeConfiguration,
  startTape,
  TAPE_SERVE_SETTINGS,
  type TapeConfiguration,
  unknownVariables,
  unknownVariableText,
} from "../../node/index.ts";
import { formatHostPort } from "../arguments.ts";
import { endProcess } from "../ending.ts";
import { addSettingOptions } from "../setting-options.ts";
import { onStopSignals } from "../signals.ts";
import { stdout } from "../stdout.ts";

const EXAMPLES = `
A setting comes from its flag, else from its variable (--port: SERIATIM_TAPE_PORT), else from the file given by --config or
SERIATIM_TAPE_CONFIG (JSON, keys like "port"), else it has its default. An exchange runs a tape of its own with start --tape-port.

SIGINT, SIGTERM or SIGHUP ends it in order: what has come whole is committed and acknowledged, exit status 0. A disk that fails is exit
status 1; one that is full is told to publishers, and nothing that was acknowledged is lost. A second signal ends it at once, with 1.

Examples:
  seriatim tape serve
  seriatim tape serve --data-dir /var/lib/tape --retain-hours 168 --segment-bytes 268435456
  seriatim tape serve --host 10.0.0.7 --keys keys.json --tls-cert tape.pem --tls-key tape.key`;

export function registerServe(tape: Command): void {
  const serve = tape
    .command("serve")
    .summary("run a tape")
    .description(
      "Runs a tape, for publishers, subscribers and administrators of topics, until a signal ends it.",
    )
    .option("--config <file>", "JSON file with settings")
    .addHelpText("after", EXAMPLES)
    .action(serveTape);
  addSettingOptions(serve, TAPE_SERVE_SETTINGS);
}

async function serveTape({ config, ...flags }: Readonly<Record<string, string | undefined>>): Promise<void> {
  const configuration = loadTapeConfiguration({ flags, environment: process.env, file: config });
  const log = createLog({ level: configuration.logLevel });
  for (const unknown of unknownVariables(process.env)) log.warn(unknownVariableText(unknown));
  const tape = await startTape(configuration, log);
  const stopAsked = new Promise<undefined>((resolve) => {
    onStopSignals(
      (signal) => {
        log.info({ signal }, "stopping");
        resolve(undefined);
      },
      (signal) => {
        process.stderr.write(`seriatim: ended by a second ${signal} before everything was closed\n`);
        void endProcess(1);
      },
    );
  });
  stdout.write(`${readyLine(tape.port, configuration)}\n`);
  const failure = await Promise.race([stopAsked, tape.failed]);
  if (failure !== undefined) log.error(failure.message);
  await tape.stop();
  if (failure !== undefined) throw failure;
  log.info("stopped");
}

function readyLine(port: number, { tapeHost, tapeDataDir, tlsCert }: TapeConfiguration): string {
  const at = formatHostPort(tapeHost, port);
  return `seriatim tape is ready: on ${at}${tlsCert === "" ? "" : " (TLS)"}, data in ${tapeDataDir}`;
}
