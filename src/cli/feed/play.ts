// `seriatim feed play`: serves a recording as its feed was.

import { resolve } from "node:path";
import type { Command } from "commander";
import { RecordingPlayer } from "../../feed-runtime/index.ts";
import { refuseUnreadableDirectory } from "../../platform/index.ts";
import { formatHostPort, usageError, wholeNumber } from "../arguments.ts";
import { onStopSignals } from "../signals.ts";
import { stdout } from "../stdout.ts";

const TAKES_MAX = 1_000_000_000;
const SPEED_MAX = 1_000_000;
const SKIP_MAX_S = 10_000_000;

const EXAMPLES = `
Each program that connects is sent one take of DIR from its beginning, with the same bytes, and then the end. It connects as to the feed
itself: what it says is read and not answered, and of a recording of the exchange's own feed its first word, within 5 s, starts the time.
One that is slow is sent what it takes, and holds nobody up; one that takes nothing for 60 s is broken off.

--speed max sends as fast as each client takes it. --skip leaves out what came in the first seconds: the first bytes may lie inside a
message. A recorder that is at work or was killed is no hindrance: what was whole at the start is played.

Examples:
  seriatim feed play monday
  seriatim feed play monday --port 9876 --speed 10
  seriatim feed play monday --take 2 --skip 3600 --speed max`;

interface PlayOptions {
  readonly host: string;
  readonly port: number;
  readonly speed: number;
  readonly take: number;
  readonly skip: number;
}

export function registerPlay(feed: Command): void {
  feed
    .command("play")
    .summary("serve a recording as its feed was")
    .description("Serves a take of a recording over TCP, until a signal ends it.")
    .argument("<dir>", "the recording's directory")
    .option("--host <address>", "where to listen", "127.0.0.1")
    .option("--port <n>", "its port; by default a free one", wholeNumber("--port", 0, 65_535), 0)
    .option("--speed <n>", "so many times as fast as it was, or max", parseSpeed, 1)
    .option("--take <n>", "which connection of the recorder", wholeNumber("--take", 1, TAKES_MAX), 1)
    .option("--skip <s>", "seconds to leave out", wholeNumber("--skip", 0, SKIP_MAX_S), 0)
    .addHelpText("after", EXAMPLES)
    .action(play);
}

function parseSpeed(text: string): number {
  if (text === "max") return Number.POSITIVE_INFINITY;
  const speed = /^[0-9]{1,7}(\.[0-9]{1,6})?$/.test(text) ? Number(text) : 0;
  if (speed > 0 && speed <= SPEED_MAX) return speed;
  throw usageError(
    `--speed: ${JSON.stringify(text)} is not max, nor a number above 0 and up to ${SPEED_MAX}`,
  );
}

async function play(dir: string, options: PlayOptions): Promise<void> {
  const { host, port, speed, take, skip } = options;
  refuseUnreadableDirectory(dir);
  const stopped = Promise.withResolvers<undefined>();
  const say = (line: string): void => void stdout.write(`${line}\n`);
  const player = await RecordingPlayer.start({
    ...{ host, port, speed, take, skip_s: skip, directory: resolve(dir) },
    onClient: (event) => say(`a client ${event === "played" ? "has been sent everything" : event}`),
  });
  onStopSignals(() => stopped.resolve(undefined));
  say(`playing take ${take} of ${player.takes} (${player.protocol}) on ${formatHostPort(host, player.port)}`);
  const failure = await Promise.race([stopped.promise, player.failed]);
  await player.stop();
  if (failure !== undefined) throw failure;
}
