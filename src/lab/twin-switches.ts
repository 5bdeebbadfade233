// The twin's halts and kill switches: lists of what is switched off, and what an order is refused for.

import type { KillSwitch, ReasonName } from "../protocol/index.ts";

const SWITCHED_OFF_MAX = 2 ** 16;

export class TwinSwitches {
  halted = false;
  #allOff = false;
  #accounts: number[] = [];
  #symbols: number[] = [];

  /** Turns a kill switch; why it is refused, or undefined. */
  turn(command: KillSwitch, symbols: number, accountsMax: number): ReasonName | undefined {
    const { on } = command;
    if (command.scope === "all") {
      this.#allOff = on;
    } else if (command.scope === "symbol") {
      const { symbol } = command;
      if (symbol >= symbols) return "UnknownSymbol";
      this.#symbols = this.#symbols.filter((other) => other !== symbol);
      if (on) this.#symbols.push(symbol);
    } else {
      const { account } = command;
      if (account >= accountsMax) return "NotAuthorised";
      const others = this.#accounts.filter((other) => other !== account);
      if (on && others.length === SWITCHED_OFF_MAX) return "StorageExhausted";
      this.#accounts = on ? [...others, account] : others;
    }
    return undefined;
  }

  /** Why an order or a modify is refused before anything else of it is looked at. */
  refusalOf({ account, symbol }: { account: number; symbol: number }): ReasonName | undefined {
    if (this.halted) return "TradingHalted";
    if (this.#allOff) return "ExchangeSwitchedOff";
    if (this.#accounts.includes(account)) return "AccountSwitchedOff";
    return this.#symbols.includes(symbol) ? "SymbolSwitchedOff" : undefined;
  }
}
