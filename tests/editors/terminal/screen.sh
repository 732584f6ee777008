# shellcheck shell=bash
# A person at a terminal: a program in tmux, keys, and what is on the screen. Read by the tests beside
# it, which run inside the folder of Debian 13 (see run.sh).

tmux() { command tmux -L test -f /dev/null "$@"; }

# start COMMAND: runs it in a terminal of 100 columns and 30 lines.
start() { tmux new-session -d -s test -x 100 -y 30 "$1"; }

# What comes right behind an escape would be taken for one key with it, as Alt is sent; nothing on the
# screen says when that time is over.
keys() {
  tmux send-keys -t test "$@"
  if [[ ${!#} == Escape ]]; then sleep 0.6; fi
}
screen() { tmux capture-pane -p -t test 2> /dev/null || echo "(the editor has ended)"; }
stop() { tmux kill-server 2> /dev/null || true; }

# sees NAME PATTERN [PATIENCE]: waits until a line of the screen matches the pattern.
sees() {
  for _ in $(seq $((${3:-30} * 10))); do
    if screen | grep -qE -- "$2"; then echo "ok - $1"; return; fi
    sleep 0.1
  done
  fail "$1" "no line like $2"
}

# sees_not NAME PATTERN: waits until no line of the screen matches the pattern.
sees_not() {
  for _ in $(seq 300); do
    if ! screen | grep -qE -- "$2"; then echo "ok - $1"; return; fi
    sleep 0.1
  done
  fail "$1" "there is still a line like $2"
}

# has NAME FILE PATTERN: waits until a line of a file matches the pattern.
has() {
  for _ in $(seq 300); do
    if grep -qE -- "$3" "$2" 2> /dev/null; then echo "ok - $1"; return; fi
    sleep 0.1
  done
  fail "$1" "$2 has no line like $3"
}

# order NAME FIRST SECOND…: the screen has lines with these, in this order.
order() {
  local name=$1 at=0 here
  shift
  for wanted in "$@"; do
    here=$(screen | grep -nF -- "$wanted" | head -1 | cut -d: -f1)
    if [[ -z $here || $here -le $at ]]; then fail "$name" "$wanted is not where it should be"; return; fi
    at=$here
  done
  echo "ok - $name"
}

# What follows a step that failed would be about another screen than it thinks.
fail() {
  echo "not ok - $1"
  echo "    $2; the screen:"
  screen | sed 's/^/    | /'
  stop
  exit 1
}
