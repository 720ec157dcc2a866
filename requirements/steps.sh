# Sourced: step and with_bar, which say on the terminal how far an installation is. Without a terminal: a line a step.
# Set `steps` to how many there are before the first.
step_now=0
[ -t 1 ] && bars=yes || bars=no

# step WORDS: the next step begins.
step() {
    step_now=$((step_now + 1))
    printf 'setup: %s/%s %s\n' "$step_now" "$steps" "$*"
}

# with_bar TOTAL COMMAND...: run pip; a bar counts the packages it has found or built, of about TOTAL. Its own words are
# printed only when it fails. Returns its exit status.
with_bar() {
    total=$1
    shift
    log=$(mktemp)
    { "$@" 2>&1 && echo ' pip: done' || echo ' pip: failed'; } | tee "$log" | awk -v total="$total" -v bars="$bars" '
        function bar(share, words,  n, line) {
            if (bars != "yes") return
            for (n = 1; n <= 24; n++) line = line (n <= share * 24 ? "#" : ".")
            printf "\r\033[K  [%s] %3d %% %s", line, share * 100, substr(words, 1, 40)
            fflush()
        }
        /^(Collecting|Requirement already satisfied:) / { if (found < total) found++; bar(0.6 * found / total, $2 ~ /^already/ ? $4 : $2) }
        /^ *Building wheel/ { bar(0.65, $0) }
        /^Installing collected/ { bar(0.7, "unpacking") }
        /^Successfully/ { bar(1, "") }
        END { if (bars == "yes") printf "\r\033[K" }'
    if grep -q '^ pip: failed$' "$log"; then
        grep -v '^ pip: ' "$log" | tail -n 30 >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}
