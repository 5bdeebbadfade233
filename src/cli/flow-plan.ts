// The part of a flow that goes over the wire: its order commands, with symbol numbers turned into the exchange's. Whatever
// can't be sent is found here, before the first byte is sent.

import { SeriatimError, U32_MAX } from "../base/index.ts";
import type { ListedInstrument } from "../client/index.ts";
import { type FlowOrderCommand, isFlowOrder, type ParsedFlow } from "../protocol/index.ts";

/** One command to send. */
export interface PlannedCommand {
  readonly command: FlowOrderCommand;
  /** The name its symbol number has in the flow; undefined when the flow has registered no such number by then. */
  readonly symbolName: string | undefined;
}

export interface PlannedFlow {
  readonly file: string;
  readonly commands: readonly PlannedCommand[];
  /** Every name the flow registers, with the line that does. */
  readonly symbols: ReadonlyMap<string, number>;
}

/** Throws SeriatimError `FLOW_NOT_SENDABLE` for what the wire can't say. */
export function planFlow(file: string, { flow, lines }: ParsedFlow, account: number): PlannedFlow {
  // Only a flow that says how many accounts there are can name one; in it, a command without a name is account 0's.
  const namesAccounts = flow.meta.accountsMax !== undefined;
  const symbols = new Map<string, number>();
  const names: string[] = [];
  const commands: PlannedCommand[] = [];
  flow.steps.forEach(({ command }, i) => {
    const line = lines.steps[i].command;
    if (command.kind === "reg") {
      // Registering a name again gives its number again.
      if (!symbols.has(command.name)) {
        names.push(command.name);
        symbols.set(command.name, line);
      }
      return;
    }
    if (!isFlowOrder(command)) {
      throw notSendable(`${file}:${line}`, `is ${command.kind}, which this client can't send`);
    }
    refuseUnsendable(`${file}:${line}`, command, namesAccounts ? account : undefined);
    commands.push({ command, symbolName: names[command.symbol] });
  });
  return { file, commands, symbols };
}

/** `account`: whose command it has to be; undefined when the flow leaves that to whoever sends it. */
function refuseUnsendable(where: string, command: FlowOrderCommand, account: number | undefined): void {
  if (account !== undefined && command.account !== account) {
    const why = `is of account ${command.account}, but this connection acts for account ${account} alone (--account)`;
    throw notSendable(where, why);
  }
  if (command.once !== undefined) {
    throw notSendable(where, "has a request number of its own, and this connection counts its requests");
  }
  if (command.kind !== "cancel" && command.answerLimit !== 0) {
    throw notSendable(where, "has an answer limit, which the exchange sets itself");
  }
}

/** The exchange's number for each name of the flows; throws SeriatimError when it lacks one. */
export function matchSymbols(
  flows: readonly PlannedFlow[],
  listed: readonly ListedInstrument[],
  peer: string,
): ReadonlyMap<string, number> {
  const numbers = new Map(listed.map(({ name, symbol }) => [name, symbol]));
  for (const { file, symbols } of flows) {
    for (const [name, line] of symbols) {
      if (numbers.has(name)) continue;
      throw notSendable(
        `${file}:${line}`,
        `the exchange at ${peer} has no symbol ${name} (--symbols of its start)`,
      );
    }
  }
  return numbers;
}

/** The number to send for a command's symbol; one the flow never registered must be unknown to the exchange too. */
export function wireSymbol(planned: PlannedCommand, numbers: ReadonlyMap<string, number>): number {
  const { command, symbolName } = planned;
  if (symbolName !== undefined) return numbers.get(symbolName) ?? U32_MAX;
  return command.symbol >= numbers.size ? command.symbol : U32_MAX;
}

function notSendable(where: string, why: string): SeriatimError {
  return new SeriatimError("FLOW_NOT_SENDABLE", `${where}: ${why}`);
}
