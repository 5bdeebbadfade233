// What the naive twin says of a command, in its own words; twin-records.ts has them as event records.

import type { CancelCause, ReasonName } from "../protocol/index.ts";
import type { TwinOrder } from "./twin-book.ts";

export type TwinCause = keyof typeof CancelCause;
export type TwinEvent =
  | { readonly kind: "repeat"; readonly sequence: number; readonly reason: ReasonName | undefined }
  | { readonly kind: "reject"; readonly reason: ReasonName }
  | { readonly kind: "mass_cancel"; readonly sequence: number; readonly orders: number }
  | { readonly kind: "accept"; readonly sequence: number; readonly price: bigint; readonly quantity: number }
  | { readonly kind: "cancel"; readonly sequence: number; readonly order: TwinOrder }
  | {
      readonly kind: "taken_out";
      readonly sequence: number;
      readonly cause: TwinCause;
      readonly symbol: number;
      readonly order: TwinOrder;
    }
  | {
      readonly kind: "modify";
      readonly sequence: number;
      readonly price: bigint;
      readonly quantity: number;
      readonly previous: TwinOrder;
      readonly inPlace: boolean;
    }
  | {
      readonly kind: "trade";
      readonly sequence: number;
      readonly maker: TwinOrder;
      readonly quantity: number;
      readonly leaves: number;
      readonly makerLeaves: number;
    };
