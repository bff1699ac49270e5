# Completion of cdss for bash: asks cdss on Tab.
_cdss() {
    local rest=$COMP_LINE words=() word prefix i
    # bash also splits words at `=` and `:`. Join those that no space separates.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if ((i == COMP_CWORD)) && [[ $word != [=:] ]]; then
            word=$2
        fi
        if ((i > 0)) && [[ $rest != [[:space:]]* ]]; then
            words[${#words[@]}-1]+=$word
        else
            rest=${rest#"${rest%%[![:space:]]*}"}
            words+=("$word")
        fi
        rest=${rest#"$word"}
    done
    i=$((${#words[@]} - 1))
    # bash replaces only what follows the last `=` or `:`.
    prefix=${words[i]%"$2"}
    words+=("${COMP_WORDS[@]:COMP_CWORD+1}")
    COMPREPLY=()
    while IFS= read -r word || [[ -n $word ]]; do
        # A file name can contain anything.
        printf -v word %q "${word#"$prefix"}"
        COMPREPLY+=("$word")
    done < <(COMPLETE=bash _CLAP_COMPLETE_INDEX=$i _CLAP_IFS=$'\n' cdss -- "${words[@]}" 2>/dev/null)
    if [[ ${COMPREPLY[0]-} == */ ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -o nosort -F _cdss cdss 2>/dev/null || complete -F _cdss cdss
