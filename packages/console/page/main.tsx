/** The console's page. */
import { render } from "preact"
import { Detail } from "./Detail.tsx"
import { Sandbox } from "./Sandbox.tsx"
import { Sessions } from "./Sessions.tsx"
import { connection, listen, sandboxes } from "./state.ts"

const words = { connecting: "connecting", live: "live", lost: "no connection, trying again" } as const

const Console = () => (
  <>
    <header class="top">
      <h1>
        <svg width="22" height="22" viewBox="0 0 16 16" aria-hidden="true">
          <rect x="1" y="4" width="9" height="3" rx="1.5" class="logo-one" />
          <rect x="6" y="9" width="9" height="3" rx="1.5" class="logo-two" />
        </svg>
        effect-auth <span>console</span>
      </h1>
      {sandboxes.value.length === 0 && <span class="muted">for looking only</span>}
      <span class={`connection ${connection.value}`} role="status">{words[connection.value]}</span>
    </header>
    <main>
      <Sessions />
      <div class="side">
        <Detail />
        <Sandbox />
      </div>
    </main>
    <footer>
      <p>
        No token ever reaches this page: it sees their numbers only. The same facts for programs:{" "}
        <a href="openapi.json">the API of the console</a>.
      </p>
    </footer>
  </>
)

const root = document.getElementById("app")
if (root !== null) render(<Console />, root)
listen()
