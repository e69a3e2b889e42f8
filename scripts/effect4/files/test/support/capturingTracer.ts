/** A tracer that hands over every span when it ends, with all that was put into it. */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Tracer from "effect/Tracer"

export interface Captured {
  readonly name: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly events: ReadonlyArray<unknown>
  /** What an exporter makes of a failure; a success is not told. */
  readonly errors: ReadonlyArray<string>
}

const errorsOf = (cause: Cause.Cause<unknown>): ReadonlyArray<string> => [
  Cause.pretty(cause),
  ...Cause.prettyErrors(cause).flatMap((error) => [error.name, error.message, error.stack ?? "", String(error.cause)])
]

export const capturingTracer = (keep: (span: Captured) => void): Tracer.Tracer =>
  Tracer.make({
    span: ({ annotations, kind, links, name, parent, startTime }) => {
      const attributes = new Map<string, unknown>()
      const events: Array<unknown> = []
      let status: Tracer.SpanStatus = { _tag: "Started", startTime }
      return {
        _tag: "Span",
        name,
        spanId: String(Math.trunc(Number(startTime % 1_000_000n))),
        traceId: "trace",
        parent,
        annotations,
        get status() {
          return status
        },
        attributes,
        links,
        sampled: true,
        kind,
        attribute: (key, value) => attributes.set(key, value),
        event: (name, at, attributes) => events.push({ name, at, attributes }),
        addLinks: () => {},
        end: (endTime, exit) => {
          status = { _tag: "Ended", startTime, endTime, exit }
          keep({
            name,
            attributes: Object.fromEntries(attributes),
            events,
            errors: Exit.isFailure(exit) ? errorsOf(exit.cause) : []
          })
        }
      }
    }
  })
