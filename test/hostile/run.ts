// Hostile clients beside a legitimate one, on demand: the figures as a table, to stdout or into the named document between its two
// marks. Status 1 when the node ended, refused the legitimate client, held more memory than its ceiling, or answered it too late.
//
//   npm run hostile                                  everything, some ten minutes
//   npm run hostile -- --frames 50000 --seed 7 --write docs/RELIABILITY.md

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { generateKey } from "../../src/runtime/index.ts";
import { writePart } from "../../tools/document.ts";
import { killNodes, NodeProcess } from "../crash/node-process.ts";
import { type Scene, type SceneResult, Stage } from "./scenes.ts";
import { ATTACKED_ACCOUNTS } from "./valid.ts";

/** Of each protocol. */
const FRAMES = 1_000_000;
/** What the node may have in memory at any time of it: its output memory, its pools, and what an exchange needs. */
const CEILING_BYTES = 1 << 30;
/** The legitimate client's p99 beside an attack, as a multiple of its quiet one, that is aimed at. */
const RATIO_MAX = 2;
/** So many connections are allowed, more than any scene opens. */
const CONNECTIONS_MAX = 8_192;
/** Frames that are sent between two looks at how many the node has judged. */
const FRAMES_AT_ONCE = 20_000;
/** Attempts to log on that are let through: more than attackers with a key can make. */
const LOGONS_PER_SECOND = 100_000;

const { values } = parseArgs({
  options: {
    frames: { type: "string", default: String(FRAMES) },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    write: { type: "string" },
  },
});
const [frames, seed] = [values.frames, values.seed].map(Number);
if (![frames, seed].every((value) => Number.isSafeInteger(value) && value > 0))
  throw new Error("--frames and --seed take whole numbers from 1 on");

const scenes: readonly Scene[] = [
  { attack: "idle", title: "5,000 idle connections", count: 5_000, ms: 12_000 },
  { attack: "byteAtATime", title: "200 senders of a byte at a time", count: 200, ms: 6_000 },
  { attack: "neverReaders", title: "never-readers under sweeps of 32,000 orders", count: 500, ms: 14_000 },
  { attack: "connectFlood", title: "connections as fast as they come", count: 1_000_000, ms: 6_000 },
  { attack: "halfFrames", title: "1,000 frames begun and not finished", count: 1_000, ms: 8_000 },
  { attack: "wrongProofs", title: "logons with wrong proofs", count: 1_000_000, ms: 6_000 },
  {
    attack: "mutatedFrames",
    title: "mutated frames of the open mode",
    count: FRAMES_AT_ONCE,
    judged: frames,
    ms: 600_000,
  },
  {
    attack: "mutatedSessions",
    title: "mutated frames of sessions that have logged on",
    count: FRAMES_AT_ONCE,
    judged: frames,
    ms: 600_000,
  },
  { attack: "mutatedMessages", title: "mutated messages over WebSockets", count: frames, ms: 600_000 },
];

const TITLES = [
  ...[
    "attack",
    "what it did",
    "ended by the node",
    "legitimate p50, quiet / beside, us",
    "p99, quiet / beside, us",
  ],
  ...["ratio of p99", "most memory so far, MiB"],
];

function lineOf({ scene, counts, quiet, beside, peak_bytes, closes }: SceneResult): string {
  const words = (of: Readonly<Record<string, number>>) =>
    Object.entries(of)
      .map(([name, n]) => `${n} ${name}`)
      .join(", ");
  const ratio = (beside.p99_us / quiet.p99_us).toFixed(2);
  const cells = [scene.title, words(counts), words(closes)];
  cells.push(`${Math.round(quiet.p50_us)} / ${Math.round(beside.p50_us)}`);
  cells.push(`${Math.round(quiet.p99_us)} / ${Math.round(beside.p99_us)}`, ratio);
  return `| ${[...cells, Math.round(peak_bytes / 2 ** 20)].join(" | ")} |`;
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
      if (result.beside.refused + result.quiet.refused > 0)
        wrong.push(`${scene.title}: the legitimate client was refused`);
      if (result.peak_bytes > CEILING_BYTES) wrong.push(`${scene.title}: more memory than the ceiling`);
      if (result.beside.p99_us > RATIO_MAX * result.quiet.p99_us)
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
  if (values.write !== undefined && wrong.length === 0) writePart(values.write, "hostile", text);
  process.exitCode = wrong.length + slow.length === 0 ? 0 : 1;
} finally {
  giveBack();
}
