/** Formats a source as eslint does with the rule @effect/dprint. */
import { createFromBuffer } from "@dprint/formatter"
import { getPath } from "@dprint/typescript"
import * as fs from "node:fs"

const formatter = createFromBuffer(fs.readFileSync(getPath()))
formatter.setConfig({}, {
  indentWidth: 2,
  lineWidth: 120,
  semiColons: "asi",
  quoteStyle: "alwaysDouble",
  trailingCommas: "never",
  operatorPosition: "maintain",
  "arrowFunction.useParentheses": "force"
})

export const format = (filePath, fileText) => formatter.formatText({ filePath, fileText, overrideConfig: {} })
