/** The ways in which Effect prints a value. */
import * as Cause from "effect/Cause"
import * as Formatter from "effect/Formatter"
import * as Inspectable from "effect/Inspectable"

/** As a logger prints it. */
export const formatted = (value: unknown): string => Formatter.formatJson(Inspectable.toJson(value), { space: 2 }) ?? ""

/** With the causes of errors, as the default logger prints it. */
export const pretty = (cause: Cause.Cause<unknown>): string => Cause.pretty(cause)
