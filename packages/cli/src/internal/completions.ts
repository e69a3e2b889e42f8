/** Completion scripts. They ask the program itself, so that they know the accounts too, and never grow old. */
import type { Shell } from "./arguments/parse.ts"

const bash = `# effect-auth: put this line into ~/.bashrc:  source <(effect-auth --completions bash)
_effect_auth() {
  local IFS=$'\\n'
  COMPREPLY=($(effect-auth --complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _effect_auth effect-auth
`

const zsh = `#compdef effect-auth
# effect-auth: put this line into ~/.zshrc, after compinit:  source <(effect-auth --completions zsh)
_effect_auth() {
  local -a found
  found=("\${(@f)$(effect-auth --complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -- "\${found[@]}"
}
compdef _effect_auth effect-auth
`

const fish = `# effect-auth: put this line into ~/.config/fish/config.fish:  effect-auth --completions fish | source
complete -c effect-auth -f -a '(effect-auth --complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`

const scripts: Readonly<Record<Shell, string>> = { bash, zsh, fish, sh: bash }

export const scriptOf = (shell: Shell): string => scripts[shell]
