export { FirstMessage } from "./first-message.ts";
export { inspectRecording, type RecordingReport, type TakeReport } from "./inspect.ts";
export { type RecordedProtocolName, RecordKind, type TakeEndName } from "./layout.ts";
export { Playback } from "./playback.ts";
export { RecordCursor } from "./record-cursor.ts";
export { Recording } from "./recording.ts";
export { type FilledBlock, RecordingBuffer } from "./recording-buffer.ts";
export {
  openRecordingLog,
  RECORDING_LIMITS,
  RECORDING_LOG,
  type RecordingPlace,
  RecordingWriter,
} from "./recording-log.ts";
export { TakeReader } from "./take-reader.ts";
export { encodeTake, encodeTakeEnd } from "./take-words.ts";
