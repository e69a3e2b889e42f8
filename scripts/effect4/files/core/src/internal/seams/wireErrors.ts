/** Schemas whose making differs between the majors of Effect. `WireSchema` has them. */
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"

/** A tagged error class: its schema, and the parts that stand on the class. */
export type ErrorClass<A, I extends { readonly _tag: string }> = Schema.Codec<A, I> & {
  readonly fields: Schema.Struct.Fields & { readonly _tag: { readonly schema: { readonly literal: I["_tag"] } } }
}

/** The fields of the class, without `_tag`. An empty body reaches the decoder as `undefined`. */
export const error = <A, I extends { readonly _tag: string }>(
  self: ErrorClass<A, I>,
  options: { readonly status: number; readonly description: string }
): Schema.Codec<A, Omit<I, "_tag">> => {
  const { _tag, ...fields } = self.fields
  const wire = Schema.UndefinedOr(Schema.toEncoded(Schema.Struct(fields)))
  const tagged = wire.pipe(Schema.decodeTo(
    self,
    SchemaTransformation.transform<any, any>({
      decode: (body) => ({ ...body, _tag: _tag.schema.literal }),
      encode: ({ _tag: _, ...body }) => body
    })
  ))
  const described = tagged.pipe(HttpApiSchema.status(options.status)).annotate({ description: options.description })
  return Schema.make<Schema.Codec<A, Omit<I, "_tag">>>(described.ast)
}

/** The derived client encodes the parameters of a path itself. */
export const pathSegment: Schema.Codec<string> = Schema.String.check(
  Schema.makeFilter((text) => text !== "" && text !== "." && text !== "..")
).annotate({ message: "Expected a path segment" })
