/** Schemas whose making differs between the majors of Effect. `WireSchema` has them. */
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import * as Struct from "effect/Struct"

/** A tagged error class: its schema, and the parts that stand on the class. */
export type ErrorClass<A, I extends { readonly _tag: string }> = Schema.Schema<A, I> & {
  readonly _tag: I["_tag"]
  readonly fields: Schema.Struct.Fields
}

/** The fields of the class, without `_tag`. An empty body reaches the decoder as `undefined`. */
export const error = <A, I extends { readonly _tag: string }>(
  self: ErrorClass<A, I>,
  options: { readonly status: number; readonly description: string }
): Schema.Schema<A, Omit<I, "_tag">> => {
  const body = Schema.encodedSchema(Schema.Struct(Struct.omit(self.fields, "_tag")))
  // The OpenAPI document shows only the schema of the body.
  const wire = Schema.UndefinedOr(body).annotations({ [SchemaAST.SurrogateAnnotationId]: body.ast })
  const tagged = Schema.transform(wire, self, {
    strict: false,
    decode: (fields) => ({ ...fields, _tag: self._tag }),
    encode: (fields: I) => Struct.omit(fields, "_tag")
  })
  return Schema.make<A, Omit<I, "_tag">>(tagged.ast).annotations(
    HttpApiSchema.annotations({ status: options.status, description: options.description })
  )
}

/** Encodes a segment of a path; the derived client puts it into the path as it is. */
export const pathSegment: Schema.Schema<string> = Schema.transform(
  Schema.String,
  Schema.String.pipe(Schema.filter((text) => text !== "" && text !== "." && text !== "..")),
  { strict: true, decode: (text) => text, encode: (text) => encodeURIComponent(text) }
).annotations({ message: () => ({ message: "Expected a path segment", override: true }) })
