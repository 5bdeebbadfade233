// Ten minutes of what `npm start` runs: whether memory, heap and descriptors stay where they are, and whether the log
// stays clean. One round, however many are asked for. And what an idle node takes of a core.

import { join } from "node:path";
import { type BenchResult, type Row, summarize } from "../harness.ts";
import { withScratch } from "../scratch.ts";
import { figureOf, NodeProcess } from "./node-process.ts";

const MINUTES = 10;
/** Caches fill and code is compiled until here: slopes are of what follows. */
const WARM_MINUTES = 2;
const SAMPLE_MS = 10_000;
const IDLE_MS = 20_000;

interface Sample {
  readonly minutes: number;
  readonly rss_mib: number;
  readonly heap_mib: number;
  readonly descriptors: number;
}

export function benchSoak(): Promise<BenchResult> {
  return withScratch(async ({ directory, fileSystem }) => {
    const idle_percent = await withNode(join(directory, "idle"), [], idleShare);
    const rows = await withNode(join(directory, "soak"), ["--simulate", "2000"], soak);
    const about = `${MINUTES} minutes of \`seriatim start --simulate\` on ${fileSystem}; the heap collected each time, so that what grows is what is held; slopes by least squares over the last ${MINUTES - WARM_MINUTES}`;
    const idle = {
      ...summarize("idle node without traders", "% of a core", "lower", [idle_percent]),
      aim: { atMost: 2 },
    };
    return { bench: "soak", about, rounds: 1, rows: [...rows, idle] };
  });
}

async function withNode<T>(
  dataDir: string,
  flags: readonly string[],
  work: (node: NodeProcess) => Promise<T>,
): Promise<T> {
  const node = new NodeProcess(dataDir, flags);
  try {
    await node.ready();
    return await work(node);
  } finally {
    await node.stop();
  }
}

async function idleShare(node: NodeProcess): Promise<number> {
  const before = figureOf(await node.metrics(), "process_cpu_seconds_total");
  await sleep(IDLE_MS);
  const after = figureOf(await node.metrics(), "process_cpu_seconds_total");
  return ((after - before) / (IDLE_MS / 1e3)) * 100;
}

async function soak(node: NodeProcess): Promise<Row[]> {
  const samples: Sample[] = [];
  const start = Date.now();
  const first = figureOf(await node.metrics(), "seriatim_position");
  while (Date.now() - start < MINUTES * 60_000) {
    await sleep(SAMPLE_MS);
    samples.push(await sampleOf(node, (Date.now() - start) / 60_000));
  }
  const commands = figureOf(await node.metrics(), "seriatim_position") - first;
  const late = samples.filter((sample) => sample.minutes >= WARM_MINUTES);
  const level = (name: string, unit: string, of: (sample: Sample) => number): Row =>
    summarize(name, unit, "lower", late.map(of));
  const minutes = late.map((sample) => sample.minutes);
  const slope = (name: string, unit: string, of: (sample: Sample) => number): Row =>
    summarize(name, unit, "lower", [slopeOf(minutes, late.map(of))]);
  return [
    summarize("commands", "commands/s", "higher", [commands / (MINUTES * 60)]),
    level("resident memory", "MiB", (s) => s.rss_mib),
    { ...slope("resident memory, slope", "MiB/minute", (s) => s.rss_mib), aim: { atMost: 1 } },
    level("heap of all threads", "MiB", (s) => s.heap_mib),
    { ...slope("heap of all threads, slope", "MiB/minute", (s) => s.heap_mib), aim: { atMost: 1 } },
    level("open descriptors", "descriptors", (s) => s.descriptors),
    { ...summarize("errors in the log", "lines", "lower", [node.errors]), aim: { atMost: 0 } },
  ];
}

async function sampleOf(node: NodeProcess, minutes: number): Promise<Sample> {
  const page = await node.metrics();
  return {
    minutes,
    rss_mib: figureOf(page, "process_resident_memory_bytes") / 2 ** 20,
    heap_mib: figureOf(page, "nodejs_heap_used_bytes") / 2 ** 20,
    descriptors: node.descriptors,
  };
}

/** The slope of the line of least squares. */
function slopeOf(x: readonly number[], y: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const [mx, my] = [mean(x), mean(y)];
  const covariance = x.reduce((sum, value, i) => sum + (value - mx) * (y[i] - my), 0);
  return covariance / x.reduce((sum, value) => sum + (value - mx) ** 2, 0);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
