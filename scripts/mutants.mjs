/**
 * Mutation testing of the session machine's rules (`pnpm check:mutants`): Stryker changes each operator, condition, literal
 * and block of `decide` and `transitions` in turn, and their unit tests must notice. stryker.config.mjs has the settings.
 *
 * Prints each mutant that no test noticed, each that is left out because it behaves like the code, with the reason beside
 * it in the source, and one line. Fails below the threshold. A mutant that ran out of time was not noticed by a test.
 */
import { Stryker } from "@stryker-mutator/core"
import config from "../stryker.config.mjs"

const started = performance.now()
const mutants = await new Stryker({}).runMutationTest()

const left = mutants.filter(({ status }) => status === "Ignored")
const killed = mutants.filter(({ status }) => status === "Killed")
const missed = mutants.filter((mutant) => !left.includes(mutant) && !killed.includes(mutant))

const nameOf = ({ fileName, location, mutatorName }) =>
  `${fileName.slice(fileName.indexOf("packages/"))}:${location.start.line} ${mutatorName}`

for (const mutant of left) console.log(`left out: ${nameOf(mutant)}: ${mutant.statusReason}`)
for (const mutant of missed) console.error(`${mutant.status}: ${nameOf(mutant)} -> ${mutant.replacement}`)

const score = 100 * killed.length / (killed.length + missed.length)
const seconds = Math.round((performance.now() - started) / 1000)
console.log(
  `mutants: ${killed.length} killed (${
    score.toFixed(1)
  } %), ${missed.length} survived, ${left.length} equivalent, ${seconds} s`
)
if (!(score >= config.thresholds.break)) process.exitCode = 1
