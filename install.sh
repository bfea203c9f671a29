#!/bin/sh
# Installs Optimus from a release: install.sh [--prefix DIR] [TARBALL]
#
# TARBALL is a file or an https:// address; without it, the one that lies where this script lies. SHA256SUMS has to be in the
# same place, and the tarball has to match it: otherwise nothing is installed. The default of --prefix is ~/.local.
# `--uninstall` removes what an installation put there.
set -eu

fail() {
    printf 'error: %s\n' "$1" >&2
    [ -z "${2-}" ] || printf '\nhint: %s\n' "$2" >&2
    exit 1
}

usage() {
    sed -n '2,6s/^# \{0,1\}//p' "$0"
    exit "$1"
}

check_platform() {
    container='Optimus needs Linux on x86_64; elsewhere run it in a container: docker compose up, in a checkout'
    [ "$(uname -s)" = Linux ] || fail "this is $(uname -s)" "$container"
    case $(uname -m) in
        x86_64 | amd64) ;;
        *) fail "this is $(uname -m)" "$container, or build it: cargo install --path host/optimus" ;;
    esac
}

# The tarball beside this script, if there is one and no other.
beside() {
    here=$(cd "$(dirname "$0")" && pwd)
    set -- "$here"/optimus-*-linux-*.tar.gz
    [ -e "$1" ] || fail "there is no tarball beside $0" 'name one: install.sh optimus-VERSION-x86_64-unknown-linux-musl.tar.gz'
    [ $# = 1 ] || fail "there are $# tarballs beside $0" 'name the one to install'
    printf '%s\n' "$1"
}

fetch() { # FROM TO
    case $1 in
        https://* | http://127.0.0.1:* | http://localhost:*)
            if command -v curl >/dev/null 2>&1; then
                curl --fail --silent --show-error --location --output "$2" "$1"
            elif command -v wget >/dev/null 2>&1; then
                wget --quiet --output-document "$2" "$1"
            else
                fail 'there is neither curl nor wget here' 'download the tarball and SHA256SUMS, and name the file'
            fi ;;
        *://*) fail "$1 is not https://" 'an address has to be https://' ;;
        *) cp "$1" "$2" ;;
    esac || fail "cannot get $1"
}

verify() { # TARBALL SUMS NAME
    # Exactly this name, whatever else the file lists.
    wanted=$(awk -v name="$3" '$2 == name || $2 == "*" name { print $1 }' "$2")
    [ -n "$wanted" ] || fail "SHA256SUMS does not list $3" 'both have to be of the same release'
    found=$(sha256sum "$1" | cut -d ' ' -f 1)
    [ "$wanted" = "$found" ] || fail "$3 is not what SHA256SUMS says" "it should be $wanted and is $found: get it again"
}

FILES='bin/optimus
share/bash-completion/completions/optimus
share/fish/vendor_completions.d/optimus.fish
share/zsh/site-functions/_optimus'

install_tree() { # FROM PREFIX
    # A program that runs cannot be overwritten, and may be replaced.
    (cd "$1" && find bin share -type f) | while read -r file; do
        mkdir -p "$2/$(dirname "$file")"
        cp "$1/$file" "$2/$file.new"
        mv -f "$2/$file.new" "$2/$file"
    done
    "$2/bin/optimus" --version >/dev/null || fail "$2/bin/optimus does not run here"
    printf 'installed %s in %s\n' "$("$2/bin/optimus" --version)" "$2/bin/optimus"
    case :$PATH: in
        *":$2/bin:"*) ;;
        *) printf '\nhint: %s/bin is not in PATH: export PATH="%s/bin:$PATH"\n' "$2" "$2" ;;
    esac
}

uninstall() { # PREFIX
    printf '%s\n' "$FILES" | while read -r file; do rm -f "$1/$file"; done
    rm -f "$1"/share/man/man1/optimus.1 "$1"/share/man/man1/optimus-*.1
    printf 'removed from %s; state and plugins in ~/.local/state/optimus and ~/.local/share/optimus stay\n' "$1"
}

main() {
    prefix=${HOME:+$HOME/.local}
    from='' verb=install
    while [ $# -gt 0 ]; do
        case $1 in
            --prefix) [ $# -gt 1 ] || usage 2 >&2; prefix=$2; shift ;;
            --prefix=*) prefix=${1#--prefix=} ;;
            --uninstall) verb=uninstall ;;
            -h | --help) usage 0 ;;
            -*) usage 2 >&2 ;;
            *) [ -z "$from" ] || usage 2 >&2; from=$1 ;;
        esac
        shift
    done
    [ -n "$prefix" ] || fail 'HOME is not set' 'say where to: --prefix DIR'
    if [ $verb = uninstall ]; then uninstall "$prefix"; exit; fi
    check_platform
    [ -n "$from" ] || from=$(beside)
    name=${from##*/}
    case $from in */*) base=${from%/*} ;; *) base=. ;; esac
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    trap 'exit 1' HUP INT TERM
    fetch "$from" "$work/tarball"
    fetch "$base/SHA256SUMS" "$work/sums"
    verify "$work/tarball" "$work/sums" "$name"
    mkdir "$work/tree"
    tar -xzf "$work/tarball" -C "$work/tree" --strip-components=1
    install_tree "$work/tree" "$prefix"
}

# The last line: a script that was cut while it was fetched does nothing.
main "$@"
