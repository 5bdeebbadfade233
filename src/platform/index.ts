export { PEM_BYTES_MAX, readBoundedFile } from "./bounded-file.ts";
export * from "./compiler.ts";
export { openFilesMax } from "./descriptors.ts";
export { acquireDirectoryLock, type DirectoryLock, isLockFile } from "./directory-lock.ts";
export {
  type Ed25519Pair,
  type Ed25519PoolVerifier,
  ed25519PoolVerifier,
  ed25519Signer,
  ed25519Verifier,
  makeEd25519Pair,
  makeNonce,
} from "./ed25519.ts";
export { entryBeside } from "./entry.ts";
export { FirstFailure } from "./first-failure.ts";
export * from "./given-path.ts";
export { NativeChecksums } from "./native-checksums.ts";
export type { NetListenAddress } from "./net-listener.ts";
export * from "./net-transport.ts";
export * from "./node-storage.ts";
export { readingInto } from "./reading-into.ts";
export { makeToken, tokenDigest, tokenFinder } from "./secret-token.ts";
export { monotonicNanos, SystemClock, threadBusyMicros } from "./system-clock.ts";
export { letOthersGoFirst, restNowAndThen } from "./thread-priority.ts";
export {
  boundHandshakes,
  connectTo,
  createServerOf,
  HANDSHAKE_ms,
  type PeerTls,
  TLS_VERSION,
  type TlsIdentity,
} from "./tls.ts";
export { packageDirectory, packageVersion } from "./version.ts";
export { endThread, THREAD_END_MS, within } from "./within.ts";
export { writeBackLast } from "./write-back.ts";
