// The C++ baseline (standard.cpp): compiled once, run as a process of its own on the recorded flow. Where there is no
// compiler, or no source (an installed package has none), its rows are left out and the report says so.

import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SeriatimError } from "../../src/base/index.ts";
import { withDirectory } from "../scratch.ts";
import type { Flow } from "./flows.ts";

/** Makes the case of a flow: each call times it once and returns nanoseconds per command. */
export type Standard = (flow: Flow) => () => number;

/** Runs `work` with the baseline, or with undefined where it can't be compiled. */
export async function withStandard<T>(work: (standard: Standard | undefined) => Promise<T>): Promise<T> {
  return withDirectory("seriatim-standard-", async (directory) => work(compile(directory)));
}

function compile(directory: string): Standard | undefined {
  const binary = join(directory, "standard");
  const source = join(import.meta.dirname, "standard.cpp");
  if (!existsSync(source)) return undefined;
  try {
    execFileSync("g++", ["-O2", "-std=c++17", "-o", binary, source]);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new SeriatimError("BENCH_NOT_COMPILED", `g++ does not compile ${source}`, { cause });
  }
  let flows = 0;
  return (flow) => {
    const file = join(directory, `flow-${++flows}`);
    writeFileSync(file, flow.words);
    const command = [file, String(flow.prologue), String(flow.commands)];
    return () => Number(execFileSync(binary, command, { encoding: "utf8" }).split(" ")[0]);
  };
}
