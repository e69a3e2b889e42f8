/** The ways in which Effect prints a value. */
import * as Cause from "effect/Cause"
import * as Inspectable from "effect/Inspectable"

/** As a logger prints it. */
export const formatted = (value: unknown): string => Inspectable.format(Inspectable.toJSON(value))

/** With the causes of errors, as the default logger prints it. */
export const pretty = (cause: Cause.Cause<unknown>): string => Cause.pretty(cause, { renderErrorCause: true })
