// A flow file: the commands of traders and administrators in a journal as text that `replay` computes again, from empty
// books. What a flow has no word for is left out when it changes no result, and refused when it does: another result would
// be another history.

import { encodeUtf8, SeriatimError } from "../../base/index.ts";
import {
  FLOW_FILE_BYTES_MAX,
  FLOW_SYMBOLS_MAX,
  flowCommandOf,
  flowMassCancelOf,
  formatCommand,
  formatMeta,
  type Instrument,
} from "../../protocol/index.ts";
import type { ExportRow } from "./columns.ts";
import type { ExportFormat, ExportOpening, WriteBytes } from "./format.ts";
import { LineWriter } from "./line-writer.ts";

/** What a flow takes for a name, within the length that every instrument's has. */
const FLOW_NAME = /^[!-~]+$/;

export class FlowFile implements ExportFormat {
  readonly #lines: LineWriter;
  readonly #symbolsMax: number;
  readonly #names = new Set<string>();
  #bytes = 0;
  readonly #from: number;
  /** The instruments of the genesis entry come first, whatever position the flow begins with. */
  #registered = 0;

  constructor(write: WriteBytes, { entry, from = 1 }: ExportOpening) {
    if (entry === undefined) {
      const reason = "a flow needs the genesis entry, and the journal no longer has it";
      throw new SeriatimError("LOG_RETIRED", reason);
    }
    const { genesis, instruments } = entry;
    this.#from = from;
    this.#lines = new LineWriter(write);
    this.#symbolsMax = Math.min(genesis.symbolsMax, FLOW_SYMBOLS_MAX);
    const head = `# exported from a journal, from position ${from} on`;
    this.#line(from === 1 ? head : `${head}: the books are empty where the journal's were not`, from);
    this.#line("version 3", from);
    const { maxQuantity, maxNotional, ordersMax, accountsMax, accountOrdersMax } = genesis;
    const ofAccounts = { accountsMax, ...(accountOrdersMax !== undefined && { accountOrdersMax }) };
    const limits = { maxQuantity, maxNotional, ordersMax, ...ofAccounts };
    this.#line(formatMeta({ seed: 0, symbols: instruments.length, orders: 0, ...limits }), from);
    for (const instrument of instruments) this.#register(instrument, from);
    this.#registered = 1 + instruments.length;
  }

  take(row: ExportRow): boolean {
    const { position, kind, order, massCancel, session, instrument, administration } = row;
    if (position <= this.#registered || kind === "tick") return true;
    if (order !== undefined) return this.#line(formatCommand(flowCommandOf(kind, order)), position);
    if (instrument !== undefined) {
      // Its number is how many there were before it.
      if (this.#from > this.#registered + 1)
        throw unsayable(position, "an instrument whose number may have been given before the range");
      return this.#register(instrument, position);
    }
    if (massCancel !== undefined) return this.#line(formatCommand(flowMassCancelOf(massCancel)), position);
    const said = administration ?? session;
    if (said !== undefined) return this.#line(formatCommand(said), position);
    throw unsayable(position, `a ${kind} record`);
  }

  finish(): void {
    this.#lines.flush();
  }

  #register({ name }: Instrument, position: number): boolean {
    if (!FLOW_NAME.test(name)) throw unsayable(position, `the instrument's name ${JSON.stringify(name)}`);
    this.#names.add(name);
    if (this.#names.size > this.#symbolsMax) throw unsayable(position, "an instrument beyond the most");
    return this.#line(formatCommand({ kind: "reg", name }), position);
  }

  #line(text: string, position: number): boolean {
    this.#bytes += encodeUtf8(text).length + 1;
    if (this.#bytes <= FLOW_FILE_BYTES_MAX) return this.#lines.line(text);
    const reason = `a flow is at most ${FLOW_FILE_BYTES_MAX} bytes, and position ${position} is beyond them (--to)`;
    throw new SeriatimError("FLOW_TOO_LARGE", reason);
  }
}

function unsayable(position: number, what: string): SeriatimError {
  return new SeriatimError("FLOW_UNSAYABLE", `position ${position}: a flow has no word for ${what}`);
}
