export * from "./net-transport.ts";
export * from "./node-storage.ts";
export { NativeChecksums } from "./native-checksums.ts";
export { SystemClock } from "./system-clock.ts";
export { acquireDirectoryLock, type DirectoryLock, isLockFile } from "./directory-lock.ts";
