/** The controls of the sandboxes, and lines to copy. */
import { useSignal } from "@preact/signals"
import { useEffect } from "preact/hooks"
import type { Recipe, SandboxView } from "../src/ConsoleModel.ts"
import { control, recipesOf, sandboxes } from "./state.ts"

const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? "" : "s"}`

const Number = ({ name, value, tone }: { readonly name: string; readonly value: number; readonly tone?: string }) => (
  <div class={tone === undefined ? "number-of" : `number-of ${tone}`}>
    <dd>{value.toLocaleString("en")}</dd>
    <dt>{name}</dt>
  </div>
)

const Counters = ({ counters }: Pick<SandboxView, "counters">) => (
  <dl class="numbers">
    <Number name="requests" value={counters.requests} />
    <Number name="rejected" value={counters.rejected} />
    <Number name="exchanges" value={counters.granted} />
    <Number name="refused" value={counters.refused} />
    <Number name="unanswered" value={counters.unanswered} />
    <Number
      name="double spends"
      value={counters.doubleSpends}
      {...(counters.doubleSpends > 0 ? { tone: "bad" } : {})}
    />
  </dl>
)

const Copy = ({ text, what }: { readonly text: string; readonly what: string }) => {
  const isCopied = useSignal(false)
  return (
    <button
      type="button"
      class="copy"
      aria-label={`Copy ${what}`}
      onClick={() => {
        void navigator.clipboard.writeText(text).then(() => {
          isCopied.value = true
          setTimeout(() => {
            isCopied.value = false
          }, 1_500)
        })
      }}
    >
      {isCopied.value ? "Copied" : "Copy"}
    </button>
  )
}

const Recipes = ({ recipes }: { readonly recipes: ReadonlyArray<Recipe> }) => (
  <div class="recipes">
    {recipes.map(({ text, title }) => (
      <figure key={title}>
        <figcaption>
          {title}
          <Copy text={text} what={title} />
        </figcaption>
        <pre tabIndex={0}>{text}</pre>
      </figure>
    ))}
  </div>
)

interface ControlsOptions {
  readonly sandbox: SandboxView
  readonly say: (text: string) => void
}

const failed = (error: unknown): string => `That did not work: ${error instanceof Error ? error.message : "no answer"}.`

interface SwitchOptions {
  readonly name: string
  /** What the server reported last. */
  readonly isOn: boolean
  readonly set: (isOn: boolean) => Promise<unknown>
  readonly words: (isOn: boolean) => string
  readonly say: (text: string) => void
}

/** Shows what the person chose until the server reports the same: a report from before the click does not turn it back. */
const Switch = ({ isOn, name, say, set, words }: SwitchOptions) => {
  const chosen = useSignal<boolean | undefined>(undefined)
  useEffect(() => {
    if (chosen.value === isOn) chosen.value = undefined
  }, [isOn])
  const choose = (next: boolean): void => {
    chosen.value = next
    const forget = (): void => {
      if (chosen.value === next) chosen.value = undefined
    }
    set(next).then(
      () => {
        say(words(next))
        // Perhaps another page has changed it back meanwhile, and no report ever says the same.
        setTimeout(forget, 2_000)
      },
      (error: unknown) => {
        say(failed(error))
        forget()
      }
    )
  }
  return (
    <label>
      <input
        type="checkbox"
        role="switch"
        checked={chosen.value ?? isOn}
        onChange={({ currentTarget }) => choose(currentTarget.checked)}
      />
      {name}
    </label>
  )
}

const Controls = ({ sandbox, say }: ControlsOptions) => {
  const { faultsWaiting, hasRefreshTokens, makesCodes, provider, punishesReuse, rotates } = sandbox
  const code = useSignal<string | undefined>(undefined)
  function act<A>(what: string, payload: unknown, words: (answer: A) => string): () => void {
    return () => {
      control<A>(provider, what, payload).then((answer) => say(words(answer)), (error: unknown) => say(failed(error)))
    }
  }
  type Count = { readonly count: number }
  const spoil = (answer: string, words: string) =>
    act<Count>("next", { answer }, ({ count }) => `The next answer ${words}. Waiting: ${count}.`)
  return (
    <div class="controls">
      <fieldset>
        <legend>Tokens</legend>
        <button
          type="button"
          onClick={act<Count>("expire", undefined, ({ count }) => `${plural(count, "access token")} expired.`)}
        >
          Expire now
        </button>
        <button
          type="button"
          class="danger"
          onClick={act<Count>("revoke", undefined, ({ count }) => `${plural(count, "token")} revoked.`)}
        >
          Revoke all
        </button>
      </fieldset>
      <fieldset>
        <legend>The next answer</legend>
        <button type="button" onClick={spoil("503", "is a 503")}>503</button>
        <button type="button" onClick={spoil("lost", "is lost")}>Lost</button>
        <button type="button" onClick={spoil("slow", "comes 5 seconds late")}>5 s late</button>
        {faultsWaiting > 0 && (
          <button
            type="button"
            class="quiet"
            onClick={act<Count>("clear", undefined, ({ count }) => `${count} taken back.`)}
          >
            {`Take back ${faultsWaiting}`}
          </button>
        )}
      </fieldset>
      {hasRefreshTokens && (
        <fieldset>
          <legend>Refresh tokens</legend>
          <Switch
            name="Rotate"
            isOn={rotates}
            set={(isOn) => control(provider, "rules", { rotates: isOn })}
            words={(isOn) => isOn ? "Refresh tokens rotate." : "Refresh tokens stay the same."}
            say={say}
          />
          <Switch
            name="Punish reuse"
            isOn={punishesReuse}
            set={(isOn) => control(provider, "rules", { punishesReuse: isOn })}
            words={(isOn) => isOn ? "A double spend ends the whole sign-in." : "A double spend is refused."}
            say={say}
          />
        </fieldset>
      )}
      {makesCodes && (
        <fieldset>
          <legend>One-time code</legend>
          <button
            type="button"
            onClick={act<{ readonly code: string }>("code", undefined, (answer) => {
              code.value = answer.code
              return "A new code was made. It works once."
            })}
          >
            New code
          </button>
          {code.value !== undefined && (
            <span class="code">
              <code>{code.value}</code>
              <Copy text={code.value} what="the code" />
            </span>
          )}
        </fieldset>
      )}
    </div>
  )
}

export const Sandbox = () => {
  const all = sandboxes.value
  const chosen = useSignal<string | undefined>(undefined)
  const said = useSignal("")
  const recipes = useSignal<ReadonlyArray<Recipe>>([])
  const sandbox =
    all.find(({ provider, url }) => chosen.value === undefined ? url === location.origin : provider === chosen.value) ??
      all[0]
  const provider = sandbox?.provider
  useEffect(() => {
    recipes.value = []
    said.value = ""
    if (provider === undefined) return
    let isCurrent = true
    void recipesOf(provider).then((found) => {
      if (isCurrent) recipes.value = found
    })
    return () => {
      isCurrent = false
    }
  }, [provider])
  if (sandbox === undefined) return null
  return (
    <section class="card sandbox" aria-labelledby="sandbox-title">
      <header>
        <h2 id="sandbox-title">Sandbox</h2>
        <span class="muted">a server with made-up data, on this machine</span>
      </header>
      <div class="tabs" role="group" aria-label="Provider">
        {all.map((one) => (
          <button
            key={one.provider}
            type="button"
            aria-pressed={one.provider === provider}
            onClick={() => {
              chosen.value = one.provider
            }}
          >
            {one.provider}
          </button>
        ))}
      </div>
      <p class="where">
        <code>{sandbox.url}</code>
        <a href={`${sandbox.url}/docs`}>Try its API</a>
        <a href={`${sandbox.url}/openapi.json`}>OpenAPI</a>
      </p>
      <Counters counters={sandbox.counters} />
      <Controls
        key={provider}
        sandbox={sandbox}
        say={(text) => {
          said.value = text
        }}
      />
      <p class="said" role="status">{said.value}</p>
      <Recipes recipes={recipes.value} />
    </section>
  )
}
