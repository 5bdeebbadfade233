// Hostile clients beside a legitimate one, on demand: the figures as a table, to stdout or into the named document between its two
// marks. Status 1 when the node ended, refused the legitimate client, held more memory than its ceiling, or answered it too late.
//
//   npm run hostile                                  everything, some eighteen minutes
//   npm run hostile -- --only connectFlood,wrongProofs --frames 50000
//   npm run hostile -- --frames 50000 --seed 7 --write docs/RELIABILITY.md

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateKey } from "../../src/runtime/index.ts";
import { partOf } from "../../tools/document.ts";
import { orWrongUsage, runOptions, SEED } from "../../tools/run-options.ts";
import { killNodes, NodeProcess } from "../crash/node-process.ts";
import { type Scene, type SceneResult, Stage, WARM_MS } from "./scenes.ts";
import { ATTACKED_ACCOUNTS } from "./valid.ts";

/** Of each protocol. */
const FRAMES = 1_000_000;
/** What the node may have in memory at any time of it: its output memory, its pools, and what an exchange needs. */
const CEILING_BYTES = 1 << 30;
/** The legitimate client's p99 beside an attack, as a multiple of its quiet one, that is aimed at. */
const RATIO_MAX = 2;
/** So many connections are allowed, more than any scene opens. */
const CONNECTIONS_MAX = 8_192;
/** Attempts to log on that are let through: more than attackers with a key can make. */
const LOGONS_PER_SECOND = 100_000;

const options = runOptions(import.meta.url, { frames: { unless: FRAMES, least: 1 }, seed: SEED }, [
  "only",
  "write",
]);
const { frames, seed } = options;

const MANY = 1_000_000;
const SCENES: readonly Scene[] = [
  { attack: "idle", title: "5,000 idle connections", count: 5_000, ms: 3_000, rounds: 6 },
  { attack: "byteAtATime", title: "200 senders of a byte at a time", count: 200 },
  {
    ...{ attack: "neverReaders", title: "never-readers under sweeps of 32,000 orders" },
    ...{ count: 500, ms: 4_000, rounds: 5 },
  },
  { attack: "connectFlood", title: "connections as fast as they come", count: MANY },
  {
    ...{ attack: "halfFrames", title: "1,000 frames begun and not finished" },
    ...{ count: 1_000, ms: 7_000, rounds: 5 },
  },
  { attack: "wrongProofs", title: "logons with wrong proofs", count: MANY, sinkEnds: true },
  {
    ...{ attack: "mutatedFrames", title: "mutated frames of the open mode", sinkEnds: true },
    ...{ count: MANY, judged: frames },
  },
  {
    ...{ attack: "mutatedSessions", title: "mutated frames of sessions that have logged on", sinkEnds: true },
    ...{ count: MANY, judged: frames },
  },
  {
    ...{ attack: "mutatedMessages", title: "mutated messages over WebSockets" },
    ...{ count: MANY, messages: frames },
  },
];

const only = orWrongUsage(() => {
  const names = options.only?.split(",") ?? SCENES.map(({ attack }) => attack);
  const unknown = names.filter((name) => SCENES.every(({ attack }) => attack !== name));
  if (unknown.length > 0)
    throw new Error(`no attack ${unknown}; there are ${SCENES.map(({ attack }) => attack)}`);
  if (options.only !== undefined && options.write !== undefined)
    throw new Error("--write wants every attack");
  return names;
});
const writeTable = partOf(options.write, "hostile");
const scenes = SCENES.filter(({ attack }) => only.includes(attack));

const TITLES = [
  ...[
    "attack",
    "what it did",
    "ended by the node",
    "legitimate p50, quiet / beside, us",
    "p99, quiet / beside, us",
    `p99 in the first ${WARM_MS / 1e3} s of the attack, us`,
  ],
  ...["ratio of p99 (without any one round)", "of the same attack on a bare sink", "most memory so far, MiB"],
];

function lineOf({ scene, counts, quiet, beside, cold, ...result }: SceneResult): string {
  const words = (of: Readonly<Record<string, number>>) =>
    Object.entries(of)
      .map(([name, n]) => `${n} ${name}`)
      .join(", ");
  const [ratio, control, least, most] = [result.ratio, result.control, ...result.within].map((each) =>
    each.toFixed(2),
  );
  const cells = [scene.title, words(counts), words(result.closes)];
  cells.push(`${Math.round(quiet.p50_us)} / ${Math.round(beside.p50_us)}`);
  cells.push(`${Math.round(quiet.p99_us)} / ${Math.round(beside.p99_us)}`, String(Math.round(cold.p99_us)));
  cells.push(`${ratio} (${least}-${most})`, control);
  return `| ${[...cells, Math.round(result.peak_bytes / 2 ** 20)].join(" | ")} |`;
}

const directory = mkdtempSync(join(tmpdir(), "seriatim-hostile-"));
function giveBack(): void {
  killNodes();
  rmSync(directory, { recursive: true, force: true });
}
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    giveBack();
    process.exit(1);
  });
}

const wrong: string[] = [];
/** Told, and the table is written all the same: what a machine was busy with otherwise can't be told apart. */
const slow: string[] = [];
try {
  const [keyFile, keys] = [join(directory, "trader.key"), join(directory, "keys.json")];
  generateKey("trader", "trader", keyFile, keys, { accounts: ATTACKED_ACCOUNTS });
  const settings = {
    "data-dir": join(directory, "data"),
    "connections-max": CONNECTIONS_MAX,
    "connections-per-address": 0,
    "logons-per-second": LOGONS_PER_SECOND,
    keys,
  };
  const node = await NodeProcess.start(
    Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
  );
  const stage = new Stage(node, seed, keyFile);
  const rule = TITLES.map((_, i) => (i === 0 ? "---" : "---:"));
  const rows = [`| ${TITLES.join(" | ")} |`, `| ${rule.join(" | ")} |`];
  try {
    for (const scene of scenes) {
      const result = await stage.play(scene);
      rows.push(lineOf(result));
      console.error(rows.at(-1));
      if (result.refused > 0) wrong.push(`${scene.title}: the legitimate client was refused`);
      if (result.peak_bytes > CEILING_BYTES) wrong.push(`${scene.title}: more memory than the ceiling`);
      if (result.ratio > RATIO_MAX)
        slow.push(`${scene.title}: the legitimate p99 is above ${RATIO_MAX} times its quiet one`);
    }
  } finally {
    await stage.end();
  }
  const status = await node.end("SIGTERM");
  if (status !== 0) wrong.push(`the node ended with ${status}: ${node.stderr}`);
  const about = `\`npm run hostile -- --frames ${frames} --seed ${seed}\`; the node ended in order with status ${status}; its ceiling is ${CEILING_BYTES / 2 ** 20} MiB.`;
  const text = `${rows.join("\n")}\n\n${about}`;
  console.log(text);
  for (const line of [...wrong, ...slow]) console.log(line);
  if (wrong.length === 0) writeTable(text);
  process.exitCode = wrong.length + slow.length === 0 ? 0 : 1;
} finally {
  giveBack();
}
