/**
 * Schemas for wire contracts: errors without a `_tag` on the wire, secrets, path segments, and an accurate OpenAPI
 * document.
 *
 * @since 0.1.0
 */
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as wireErrors from "./internal/seams/wireErrors.ts"

/**
 * A tagged error class as a server sends it: the fields of the class, without `_tag`, with a status. If the class has
 * no required fields, an empty body decodes too.
 *
 * @since 0.1.0
 * @category schemas
 */
export const error = <A, I extends { readonly _tag: string }>(
  self: wireErrors.ErrorClass<A, I>,
  options: { readonly status: number; readonly description: string }
): Schema.Codec<A, Omit<I, "_tag">> => wireErrors.error(self, options)

/**
 * A secret text, `Redacted` from decode to header. Its parse errors never show the text.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Secret: Schema.Codec<Redacted.Redacted<string>, string> = Schema.RedactedFromValue(
  Schema.String.annotate({
    title: "secret",
    description: "A secret text",
    message: "Expected a secret text"
  })
)

/**
 * A token that a server issues: a {@link Secret} that is not empty.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Token: Schema.Codec<Redacted.Redacted<string>, string> = Schema.RedactedFromValue(
  Schema.NonEmptyString.annotate({
    title: "token",
    description: "A token",
    identifier: "Token",
    message: "Expected a token"
  })
)

/**
 * One segment of a path, percent-encoded when it is sent (the server's router decodes it). Empty, `.` and `..` are
 * refused, because a URL parser resolves them even when they are encoded.
 *
 * @see RFC 3986 section 5.2.4: https://www.rfc-editor.org/rfc/rfc3986#section-5.2.4
 * @since 0.1.0
 * @category schemas
 */
export const PathSegment: Schema.Codec<string> = wireErrors.pathSegment

const decodeError = "#/components/schemas/HttpApiDecodeError"

/** Marks objects as open, and removes the platform's own 400, which the provider does not send. */
const honest = (node: any): any => {
  if (Array.isArray(node)) return node.map(honest)
  if (typeof node !== "object" || node === null) return node
  const out: Record<string, any> = {}
  for (const [key, value] of Object.entries(node)) {
    // The platform gives every unknown value the same `$id`, but a document may define an `$id` only once.
    const isOurs = (key === "additionalProperties" && value === false) || (key === "$id" && typeof value === "string")
    if (!isOurs) out[key] = honest(value)
  }
  if (!Array.isArray(out.anyOf) || !out.anyOf.some((member) => member.$ref === decodeError)) return out
  const rest = out.anyOf.filter((member) => member.$ref !== decodeError)
  return rest.length === 1 ? rest[0] : { ...out, anyOf: rest }
}

/**
 * The `transform` annotation (`OpenApi.Transform`) of a contract for a third party's server: objects may have more
 * fields than the contract lists, and the decode error that the platform adds to every HttpApi is left out.
 *
 * @since 0.1.0
 * @category conversions
 */
export const openApi = (spec: Record<string, any>): Record<string, any> => {
  const out = honest(spec)
  for (const path of Object.values<Record<string, any>>(out.paths)) {
    for (const operation of Object.values(path)) {
      const answer = operation.responses["400"]
      const schema = answer?.content?.["application/json"]?.schema
      if (schema?.$ref === decodeError) delete operation.responses["400"]
      else if (typeof schema?.description === "string") answer.description = schema.description
    }
  }
  for (const name of ["HttpApiDecodeError", "Issue", "PropertyKey"]) delete out.components.schemas[name]
  return out
}

/**
 * A header that a client adds to every call, as the OpenAPI document shows it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Header {
  readonly name: string
  readonly required: boolean
  readonly description?: string | undefined
  /** The allowed values. Default: any text. */
  readonly values?: ReadonlyArray<string> | undefined
}

/**
 * Like {@link openApi}, and adds to the document the headers that the provider's client sets on every call. Leave these
 * headers out of the contract's endpoints, so that the derived client does not require them.
 *
 * @since 0.1.0
 * @category conversions
 */
export const openApiWith = (headers: ReadonlyArray<Header>) => (spec: Record<string, any>): Record<string, any> => {
  const out = openApi(spec)
  const parameters = headers.map(({ description, name, required, values }) => ({
    name,
    in: "header",
    schema: { type: "string", ...(values === undefined ? {} : { enum: values }) },
    required,
    ...(description === undefined ? {} : { description })
  }))
  for (const path of Object.values<Record<string, any>>(out.paths)) {
    for (const operation of Object.values(path)) {
      const own = operation.parameters.map(({ name }: { readonly name: string }) => name)
      operation.parameters = [...operation.parameters, ...parameters.filter(({ name }) => !own.includes(name))]
    }
  }
  return out
}
