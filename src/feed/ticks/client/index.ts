export { TickCounters } from "./counters.ts";
export { TickCourse, type TickCourseTerms, TickDuty, TickState } from "./course.ts";
export { TickIntake, type TickIntakeOptions } from "./intake.ts";
export { type LastTick, TickLasts } from "./lasts.ts";
export { allTickListeners, type TickListener } from "./listener.ts";
export { TickNumbering, type TickNumberingOption } from "./numbering.ts";
export { KEPT_BYTES_MAX, SKIPPED_BYTES_MAX, type TickFrameTaker, TickParser } from "./parser.ts";
export { Tick } from "./tick.ts";
export { SubscriptionWishes, type TickWish } from "./wishes.ts";
