# SPDX-License-Identifier: LGPL-2.1-or-later
# jq 1.6 compiles its library at each start, which takes twice as long as to run a container: a fifth of all that the tests took.
# gojq(1) is the same language, and sorts the keys of objects; so does jq -S. What wants jq itself says `command jq`.

JQ=(jq -S)
if command -v gojq > /dev/null; then
    JQ=(gojq)
    jq() {
        local first=$1
        case $first in
        -S) shift ;;
        -[a-z]*S) shift && set -- "${first%S}" "$@" ;;
        esac
        gojq "$@"
    }
fi
