# Completion of supervisorctl, made from its table of commands. To write it anew:
# UPDATE_SUPERVISORCTL_PAGES=1 cargo test -p supervisor-cli --test supervisorctl_pages

function __supervisorctl_status
    set -l words (commandline -opc)
    set -l server
    for i in (seq 2 (count $words))
        contains -- $words[$i] -c --configuration -s --serverurl -u --username -p --password
        and set server $server $words[$i] $words[(math $i + 1)]
    end
    supervisorctl $server status 2>/dev/null </dev/null
end

function __supervisorctl_command
    set -l words (commandline -opc)
    set -l is_value 0
    for word in $words[2..]
        if test $is_value = 1
            set is_value 0
        else if contains -- $word -c --configuration -s --serverurl -u --username -p --password -r --history_file
            set is_value 1
        else if not string match -q -- '-*' $word
            echo $word
            return
        end
    end
    return 1
end

function __supervisorctl_processes
    __supervisorctl_status | awk '$2 ~ /^[A-Z]+$/ { print $1; if (sub(/:.*/, ":*", $1) && !seen[$1]++) print $1 }'
end

function __supervisorctl_groups
    __supervisorctl_status | awk '$2 ~ /^[A-Z]+$/ { sub(/:.*/, "", $1); if (!seen[$1]++) print $1 }'
end

complete -c supervisorctl -f
complete -c supervisorctl -n 'not __supervisorctl_command' -s 'c' -l configuration -r -F -d 'Configuration file; without it the usual places are searched.'
complete -c supervisorctl -n 'not __supervisorctl_command' -s 'h' -l help -d 'Print this help and exit.'
complete -c supervisorctl -n 'not __supervisorctl_command' -s '?' -d 'The same as -h.'
complete -c supervisorctl -n 'not __supervisorctl_command' -s 'i' -l interactive -d 'Open a shell after the action.'
complete -c supervisorctl -n 'not __supervisorctl_command' -s 's' -l serverurl -x -d 'Where the daemon listens: unix://path or http://host:port.'
complete -c supervisorctl -n 'not __supervisorctl_command' -s 'u' -l username -x -d 'Name to log in with, as set for the server.'
complete -c supervisorctl -n 'not __supervisorctl_command' -s 'p' -l password -x -d 'Password to log in with, in clear.'
complete -c supervisorctl -n 'not __supervisorctl_command' -s 'r' -l history_file -r -F -d 'File that keeps the history of the shell.'
complete -c supervisorctl -n 'not __supervisorctl_command' -a add -d 'Activate new groups or processes of the configuration'
complete -c supervisorctl -n '__supervisorctl_command | string match -q add' -a '(__supervisorctl_groups) all'
complete -c supervisorctl -n 'not __supervisorctl_command' -a avail -d 'List all processes of the configuration'
complete -c supervisorctl -n '__supervisorctl_command | string match -q avail' -l json -d 'print JSON instead of text'
complete -c supervisorctl -n 'not __supervisorctl_command' -a clear -d 'Empty the logs of a process'
complete -c supervisorctl -n '__supervisorctl_command | string match -q clear' -a '(__supervisorctl_processes) all'
complete -c supervisorctl -n 'not __supervisorctl_command' -a exit -d 'Leave the shell'
complete -c supervisorctl -n 'not __supervisorctl_command' -a fg -d 'Show the output of a process and send it what is typed'
complete -c supervisorctl -n '__supervisorctl_command | string match -q fg' -a '(__supervisorctl_processes) all'
complete -c supervisorctl -n 'not __supervisorctl_command' -a maintail -d 'Follow the main log of supervisord (Ctrl-C to leave)'
complete -c supervisorctl -n 'not __supervisorctl_command' -a open -d 'Talk to another supervisord'
complete -c supervisorctl -n 'not __supervisorctl_command' -a pid -d 'Show the PID of supervisord'
complete -c supervisorctl -n '__supervisorctl_command | string match -q pid' -a '(__supervisorctl_processes) all'
complete -c supervisorctl -n 'not __supervisorctl_command' -a quit -d 'Leave the shell'
complete -c supervisorctl -n 'not __supervisorctl_command' -a reload -d 'Stop everything, read the configuration, and start again'
complete -c supervisorctl -n 'not __supervisorctl_command' -a remove -d 'Take stopped groups or processes out of the active configuration'
complete -c supervisorctl -n '__supervisorctl_command | string match -q remove' -a '(__supervisorctl_groups) all'
complete -c supervisorctl -n 'not __supervisorctl_command' -a reread -d 'Read the configuration and say what has changed, without applying it'
complete -c supervisorctl -n 'not __supervisorctl_command' -a restart -d 'Stop and start a process'
complete -c supervisorctl -n '__supervisorctl_command | string match -q restart' -a '(__supervisorctl_processes) all'
complete -c supervisorctl -n 'not __supervisorctl_command' -a shutdown -d 'Stop everything, and supervisord itself'
complete -c supervisorctl -n '__supervisorctl_command | string match -q shutdown' -l wait -d 'return when supervisord is gone'
complete -c supervisorctl -n 'not __supervisorctl_command' -a signal -d 'Send a signal to a process'
complete -c supervisorctl -n '__supervisorctl_command | string match -q signal' -a '(__supervisorctl_processes) all'
complete -c supervisorctl -n 'not __supervisorctl_command' -a start -d 'Start one process'
complete -c supervisorctl -n '__supervisorctl_command | string match -q start' -a '(__supervisorctl_processes) all'
complete -c supervisorctl -n 'not __supervisorctl_command' -a status -d 'Show the state of one process'
complete -c supervisorctl -n '__supervisorctl_command | string match -q status' -a '(__supervisorctl_processes) all'
complete -c supervisorctl -n '__supervisorctl_command | string match -q status' -l json -d 'print JSON instead of text'
complete -c supervisorctl -n 'not __supervisorctl_command' -a stop -d 'Stop one process'
complete -c supervisorctl -n '__supervisorctl_command | string match -q stop' -a '(__supervisorctl_processes) all'
complete -c supervisorctl -n 'not __supervisorctl_command' -a tail -d 'Follow the standard output of a process'
complete -c supervisorctl -n '__supervisorctl_command | string match -q tail' -a '(__supervisorctl_processes) all'
complete -c supervisorctl -n 'not __supervisorctl_command' -a update -d 'Read the configuration and apply it; groups that have changed are restarted'
complete -c supervisorctl -n '__supervisorctl_command | string match -q update' -a '(__supervisorctl_groups) all'
complete -c supervisorctl -n 'not __supervisorctl_command' -a version -d 'Show the version of the supervisord at the other end'
complete -c supervisorctl -n 'not __supervisorctl_command' -a wait -d 'Wait until these processes or groups are running'
complete -c supervisorctl -n '__supervisorctl_command | string match -q wait' -a '(__supervisorctl_processes) all'
complete -c supervisorctl -n '__supervisorctl_command | string match -q wait' -l for -x -a 'running stopped exited' -d 'the state to wait for'
complete -c supervisorctl -n '__supervisorctl_command | string match -q wait' -l timeout -x -d 'longest time to wait'
complete -c supervisorctl -n 'not __supervisorctl_command' -a help -d 'List the commands'
complete -c supervisorctl -n '__supervisorctl_command | string match -q help' -a 'add avail clear exit fg maintail open pid quit reload remove reread restart shutdown signal start status stop tail update version wait help'
