// One process per data directory. The lock is a listening Unix socket in the directory: the kernel closes it with its
// process, however that ends, so a lock is stale exactly when connecting to it is refused.
//
// A starter (1) registers: a socket that already listens appears, by rename, under a name never used before;
// (2) looks at all registrations: a dead one is removed, a holder sends it away, of two starters the smaller name
// goes on; (3) holds the lock once it sees nobody else. Of two, the one that registered later looks after the other's
// registration was there, so it sees it: never two holders. No name is used twice, so removing a dead one can never
// hit a live one, the flaw of every scheme with a single lock file.

import { randomBytes } from "node:crypto";
import { closeSync, constants, openSync, readdirSync, renameSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SeriatimError, storageError } from "../base/index.ts";
import { askSocket, closeServer, listenOn, socketPath } from "./unix-socket.ts";

/** Registrations; the same with a leading dot are sockets that may not be listening yet. */
const registration = /^lock-[0-9]+-[0-9a-f]{16}\.sock$/;
const unfinished = /^\.lock-[0-9]+-[0-9a-f]{16}\.sock$/;

/** Between two looks at a starter that has not decided yet; deciding takes it a few milliseconds. */
const look_again_ms = 20;
/** A starter that is undecided for so long is stopped or swapped out; it may still wake up, so it keeps the lock. */
const undecided_max_ms = 5_000;

export interface DirectoryLock {
  /**
   * Gives it back; while somebody works there (`keepUntil`) resolves at once, and it is given back behind the last of them. Called
   * again it does nothing.
   */
  release(): Promise<void>;
  /**
   * Until `over` resolves the directory is nobody else's, whoever releases the lock: a thread that waits for a disk that hangs writes
   * when that answers. It goes with the process at the latest.
   */
  keepUntil(over: Promise<void>): void;
}

/** What one look at the other registrations tells. */
type Outlook = { sees: "nobody" } | { sees: "starter" } | { sees: "holder"; pid: string };

/** Whether `name`, seen in a data directory, belongs to its lock. */
export function isLockFile(name: string): boolean {
  return registration.test(name) || unfinished.test(name);
}

/**
 * Locks `directory`, which must exist, for this process; throws SeriatimError `DIRECTORY_IN_USE` when another one has it
 * (or is about to), or the system's code when the directory can't be written to.
 */
export async function acquireDirectoryLock(directory: string): Promise<DirectoryLock> {
  try {
    const lock = new SocketLock(directory, openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY));
    try {
      await lock.register();
      await lock.contend();
      return lock;
    } catch (error) {
      await lock.release();
      throw error;
    }
  } catch (error) {
    throw error instanceof SeriatimError ? error : systemError(directory, error);
  }
}

class SocketLock implements DirectoryLock {
  readonly #directory: string;
  readonly #name = `lock-${process.pid}-${randomBytes(8).toString("hex")}.sock`;
  readonly #server: Server;
  /** Open while the lock lives: long paths are reached through it. */
  readonly #directoryFd: number;
  #held = false;
  /** Who works there and has not ended. */
  #working = 0;
  #released: Promise<void> | undefined;
  #whenIdle: () => void = () => {};

  constructor(directory: string, directoryFd: number) {
    this.#directory = directory;
    this.#directoryFd = directoryFd;
    this.#server = createServer((socket) => {
      socket.on("error", () => {}); // who asks may leave before the answer
      socket.end(`${this.#held ? "held" : "starting"} ${process.pid}\n`, () => socket.destroy());
    });
    this.#server.unref();
  }

  async register(): Promise<void> {
    await listenOn(this.#server, this.#socketPath(`.${this.#name}`));
    try {
      renameSync(join(this.#directory, `.${this.#name}`), join(this.#directory, this.#name));
    } catch (error) {
      // A new holder has tidied up: see #removeUnfinished.
      if ((error as NodeJS.ErrnoException).code === "ENOENT") throw inUse(this.#directory, "");
      throw error;
    }
  }

  /** Returns as the holder or throws. */
  async contend(): Promise<void> {
    const deadline_ms = performance.now() + undecided_max_ms;
    for (;;) {
      const outlook = await this.#look();
      if (outlook.sees === "holder") throw inUse(this.#directory, outlook.pid);
      if (outlook.sees === "nobody") break;
      if (performance.now() > deadline_ms) throw inUse(this.#directory, "");
      await sleep(look_again_ms);
    }
    this.#held = true;
    this.#removeUnfinished();
  }

  keepUntil(over: Promise<void>): void {
    this.#working++;
    void over.then(() => {
      if (--this.#working === 0) this.#whenIdle();
    });
  }

  release(): Promise<void> {
    this.#released ??= this.#working === 0 ? this.#release() : this.#releaseWhenIdle();
    return this.#released;
  }

  async #releaseWhenIdle(): Promise<void> {
    this.#whenIdle = () => {
      this.#whenIdle = () => {};
      void this.#release();
    };
  }

  async #release(): Promise<void> {
    // The name goes first: as long as it is there, somebody listens.
    try {
      rmSync(join(this.#directory, this.#name), { force: true });
    } catch {
      // On a disk that takes nothing any more it stays, a dead one's: no reason to keep the rest, or to hide why it came to this.
    }
    await closeServer(this.#server);
    closeSync(this.#directoryFd);
  }

  async #look(): Promise<Outlook> {
    let outlook: Outlook = { sees: "nobody" };
    for (const name of readdirSync(this.#directory)) {
      if (name === this.#name || !registration.test(name)) continue;
      const answer = await askSocket(this.#socketPath(name));
      if (answer === "nobody") rmSync(join(this.#directory, name), { force: true });
      else if (answer === "hangs up") outlook = { sees: "starter" };
      else if (answer === "silent") return { sees: "holder", pid: "" };
      else {
        const [state, pid = ""] = answer.says.split(" ");
        if (state !== "starting" || name < this.#name) return { sees: "holder", pid };
        outlook = { sees: "starter" };
      }
    }
    return outlook;
  }

  /** What starters that were killed in the middle have left. One that is alive finds its file gone and gives up. */
  #removeUnfinished(): void {
    for (const name of readdirSync(this.#directory)) {
      if (unfinished.test(name)) rmSync(join(this.#directory, name), { force: true });
    }
  }

  #socketPath(name: string): string {
    return socketPath(this.#directory, name, this.#directoryFd);
  }
}

function inUse(directory: string, pid: string): SeriatimError {
  const who = pid === "" ? "another process" : `process ${pid}`;
  return new SeriatimError("DIRECTORY_IN_USE", `the directory ${directory} is in use by ${who}`);
}

function systemError(directory: string, error: unknown): SeriatimError {
  const { code = "UNKNOWN" } = error as NodeJS.ErrnoException;
  return storageError(code, "lock", directory, error);
}
