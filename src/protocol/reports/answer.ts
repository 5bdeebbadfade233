// Which report of a request's says what became of it; its others say what followed from it.

import { CommandKind } from "../commands/index.ts";
import { ReportKind } from "./layout.ts";

/** Of a report that carries a request's number and session: whether it answers that. A repeated answer is one too. */
export function isAnswer({ kind, command }: { readonly kind: number; readonly command: number }): boolean {
  if (kind === ReportKind.Cancelled) return command === CommandKind.Cancel;
  return kind !== ReportKind.Traded && kind !== ReportKind.Expired;
}
