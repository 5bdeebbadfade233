// The exchange's records, for whoever opens its journal: a thread of the runtime imports this module by its URL.

import type { RecordRules } from "../journal/index.ts";
import { EXCHANGE_RECORDS } from "./exchange-records.ts";

/** @public Imported by URL. */
export const rules: RecordRules = EXCHANGE_RECORDS;

export const EXCHANGE_RULES: string = import.meta.url;
