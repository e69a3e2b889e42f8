/**
 * What TypeDoc does not do by itself: a module is named as a user imports it ("core/AuthService"), and the comment at its head is
 * its text, without a `@module` tag in each file.
 */
import * as path from "node:path"
import { Comment, Converter, ReflectionKind } from "typedoc"
import { header, parse, root } from "./packages.mjs"

const textOf = (name) => (header(parse(path.join(root, "packages", `${name}.ts`))) ?? "").split(/^@/m)[0].trim()

/** @param {import("typedoc").Application} app */
export const load = (app) => {
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    if (!reflection.kindOf(ReflectionKind.Module)) return
    const [folder, , module] = reflection.name.split("/")
    const importLine = `\`\`\`ts\nimport * as ${module} from "@effect-auth/${folder}/${module}"\n\`\`\``
    // A link of the head would be looked for in no declaration: it is shown as code.
    const text = textOf(reflection.name).replace(/\{@link ([^}]+)\}/g, "`$1`")
    reflection.name = `${folder}/${module}`
    reflection.comment = new Comment([{ kind: "text", text: `${text}\n\n${importLine}` }])
  })
}
