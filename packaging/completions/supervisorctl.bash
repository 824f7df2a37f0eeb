# Completion of supervisorctl, made from its table of commands. To write it anew:
# UPDATE_SUPERVISORCTL_PAGES=1 cargo test -p supervisor-cli --test supervisorctl_pages

_supervisorctl() {
    local line=${COMP_LINE:0:COMP_POINT}
    # Not the shell's own words: it divides them at colons, which names have.
    local current=${line##*[[:space:]]}
    local -a words=() server=()
    read -ra words <<<"${line%"$current"}"
    local command='' previous='' options='' names='' choices='' i
    local processes='$2 ~ /^[A-Z]+$/ { print $1; if (sub(/:.*/, ":*", $1) && !seen[$1]++) print $1 }'
    local groups='$2 ~ /^[A-Z]+$/ { sub(/:.*/, "", $1); if (!seen[$1]++) print $1 }'
    for ((i = 1; i < ${#words[@]}; i++)); do
        case ${words[i]} in
        -c|--configuration|-s|--serverurl|-u|--username|-p|--password|-r|--history_file) server+=("${words[i]}" "${words[i + 1]-}") && ((++i)) ;;
        -*) ;;
        *) command=${words[i]} && break ;;
        esac
    done
    previous=${words[${#words[@]} - 1]}
    case $command in
    '')
        case $previous in
        -c|--configuration|-r|--history_file) COMPREPLY=($(compgen -f -- "$current")) && return ;;
        -c|--configuration|-s|--serverurl|-u|--username|-p|--password|-r|--history_file) return ;;
        esac
        options='-c --configuration -h --help -i --interactive -s --serverurl -u --username -p --password -r --history_file' choices='add avail clear exit fg maintail open pid quit reload remove reread restart shutdown signal start status stop tail update version wait help'
        ;;
    help) choices='add avail clear exit fg maintail open pid quit reload remove reread restart shutdown signal start status stop tail update version wait help' ;;
    add) options='' names=groups ;;
    avail) options='--json' names='' ;;
    clear) options='' names=processes ;;
    exit) options='' names='' ;;
    fg) options='' names=processes ;;
    maintail) options='' names='' ;;
    open) options='' names='' ;;
    pid) options='' names=processes ;;
    quit) options='' names='' ;;
    reload) options='' names='' ;;
    remove) options='' names=groups ;;
    reread) options='' names='' ;;
    restart) options='' names=processes ;;
    shutdown) options='--wait' names='' ;;
    signal) options='' names=processes ;;
    start) options='' names=processes ;;
    status) options='--json' names=processes ;;
    stop) options='' names=processes ;;
    tail) options='' names=processes ;;
    update) options='' names=groups ;;
    version) options='' names='' ;;
    wait) options='--for --timeout' names=processes ;;
    *) return ;;
    esac
    [[ -n $command ]] && case $previous in
    --for) choices='running stopped exited' ;;
    --timeout) return ;;
    esac
    if [[ $current == -* ]]; then
        choices=$options
    elif [[ -z $choices && -n $names ]]; then
        choices="$("${words[0]}" "${server[@]}" status </dev/null 2>/dev/null | awk "${!names}") all"
    fi
    COMPREPLY=($(compgen -W "$choices" -- "$current"))
    # What stands before the last colon stays as it is.
    if [[ $current == *:* && $COMP_WORDBREAKS == *:* ]]; then
        COMPREPLY=("${COMPREPLY[@]#"${current%"${current##*:}"}"}")
    fi
}
complete -F _supervisorctl supervisorctl
