// What most programs need, in one import: run a node, talk to one, or embed the engine. Every layer has its own entry
// beside this one (`seriatim/engine`, `seriatim/protocol`, `seriatim/client`, ...).

export {
  type Application,
  type Checksums,
  type Clock,
  RecordBuffer,
  SeriatimError,
  stateHash,
} from "./base/index.ts";
export { connectOrderEntry, type OrderEntryClient } from "./client/index.ts";
export { type BookView, ExchangeEngine, type LevelView } from "./engine/index.ts";
export {
  type Configuration,
  configurationOf,
  createLog,
  type LoadedConfiguration,
  type Log,
  loadConfiguration,
  type RunningNode,
  startNode,
} from "./node/index.ts";
export { inlineDeeply, NativeChecksums, SystemClock } from "./platform/index.ts";
