#!/usr/bin/env bash
# Verifies a Domicile receipt with nothing but openssl, sha256sum, base64, cmp, grep, sed, od and the shell (bash 3.2 on).
#
#   verify-receipt.sh RECEIPT [LEDGER-KEY.pem]
#
# The key is the ledger's public key as you got it elsewhere. Without it, you learn only that the receipt agrees with
# itself. Exit: 0 every check passed, 1 one failed (and is named), 2 usage. The format is in receipt.md, next to this.
set -euo pipefail
export LC_ALL=C

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
  echo "usage: $0 RECEIPT [LEDGER-KEY.pem]" >&2
  exit 2
fi
receipt=$1
trusted=${2:-}
# A name that begins with '-' would be an option to the programs below.
case $receipt in -*) receipt=./$receipt ;; esac
case $trusted in -*) trusted=./$trusted ;; esac

work=$(mktemp -d)
named=
finish() {
  local status=$?
  rm -rf "$work"
  [ "$status" -eq 0 ] || [ -n "$named" ] || echo "FAILED  the receipt could not be read to its end"
}
trap finish EXIT

fail() {
  named=yes
  echo "FAILED  $*"
  exit 1
}
passed() { echo "ok      $*"; }

# As little as possible is asked of other programs: each costs a millisecond or more.
unhex() { # HEX
  local i bytes=
  for ((i = 0; i < ${#1}; i += 2)); do bytes+="\\x${1:i:2}"; done
  printf "$bytes"
}
hex() { # FILE
  local bytes
  bytes=$(od -An -v -tx1 <"$1")
  printf '%s' "${bytes//[!0-9a-f]/}"
}
sha256() {
  local sum
  sum=$(sha256sum)
  printf '%s\n' "${sum%% *}"
}
# Base64 in its one form: what has unused bits set, or white space, isn't it. `unbase64 TEXT-FILE BYTES-FILE`
unbase64() {
  local again
  base64 -d <"$1" >"$2" 2>/dev/null || return 1
  again=$(base64 <"$2")
  [ "${again//$'\n'/}" = "$(<"$1")" ]
}
# The SubjectPublicKeyInfo of a P-256 key with its point in full: 26 bytes that are always the same, 04, x and y.
is_p256() {
  local bytes
  bytes=$(hex "$1")
  [ ${#bytes} -eq 182 ] && [ "${bytes:0:54}" = 3059301306072a8648ce3d020106082a8648ce3d03010703420004 ]
}
is_hash() { printf '%s\n' "$1" | grep -qx '[0-9a-f]\{64\}'; }

# --- 1. Read the fields, write the receipt again from them, and compare: nothing can hide in another spelling.

head -c 1048577 <"$receipt" >"$work/receipt.json"
receipt=$work/receipt.json
[ "$(wc -c <"$receipt")" -le 1048576 ] || fail "the file is at most 1 MiB long"

# Field NAME of PLACE goes into said_PLACE_NAME. A place begins at its line `  "PLACE": {`.
envelopes='departure arrival erasure move'
said_reencryption_payload=
place='' hashes=''
while IFS= read -r line; do
  if [[ $line =~ ^'  "'([a-z]+)'": {'$ ]]; then
    place=${BASH_REMATCH[1]}
  elif [[ $line =~ ^' '+'"'([a-zA-Z]+)'": "'([^\"]*)'"',?$ || $line =~ ^' '+'"'([a-zA-Z]+)'": '([0-9]+),?$ ]]; then
    printf -v "said_${place}_${BASH_REMATCH[1]}" '%s' "${BASH_REMATCH[2]}"
  elif [[ $place = ledger && $line =~ ^'      "'([0-9a-f]{64})'"',?$ ]]; then
    hashes+=${BASH_REMATCH[1]}$'\n'
  fi
done <"$receipt"
hashes=${hashes%$'\n'}
field() { # PLACE NAME
  local name=said_$1_$2
  printf '%s\n' "${!name:-}"
}
# The target's word on encrypting again, which may be left out, is the file's last member.
[ -z "$said_reencryption_payload" ] || envelopes+=' reencryption'
for name in $envelopes; do
  field "$name" payload >"$work/$name.b64"
  field "$name" sig >"$work/$name.sig64"
  field "$name" keyid >"$work/$name.keyid"
done
for name in source target control ledger; do
  field keys "$name" >"$work/$name.key64"
done
index=${said_ledger_leafIndex:-}
size=${said_ledger_treeSize:-}
note=${said_ledger_checkpoint:-}
account=${said_opening_account:-}
salt=${said_opening_salt:-}

envelope() {
  printf '  "%s": {\n    "payloadType": "application/vnd.in-toto+json",\n    "payload": "%s",\n' "$1" "$(<"$work/$1.b64")"
  printf '    "signatures": [\n      {\n        "keyid": "%s",\n        "sig": "%s"\n      }\n    ]\n  }' \
    "$(<"$work/$1.keyid")" "$(<"$work/$1.sig64")"
}

{
  printf '{\n  "format": "https://domicile.dev/receipt/v1",\n'
  for name in departure arrival erasure move; do
    envelope "$name"
    printf ',\n'
  done
  printf '  "keys": {\n    "source": "%s",\n    "target": "%s",\n' "$(<"$work/source.key64")" "$(<"$work/target.key64")"
  printf '    "control": "%s",\n    "ledger": "%s"\n  },\n' "$(<"$work/control.key64")" "$(<"$work/ledger.key64")"
  printf '  "ledger": {\n    "leafIndex": %s,\n    "treeSize": %s,\n' "$index" "$size"
  if [ -z "$hashes" ]; then
    printf '    "inclusionProof": [],\n'
  else
    printf '    "inclusionProof": [\n'
    printf '%s\n' "$hashes" | sed 's/.*/      "&",/; $ s/,$//'
    printf '    ],\n'
  fi
  printf '    "checkpoint": "%s"\n  },\n' "$note"
  if [ -z "$account" ]; then
    printf '  "opening": null'
  else
    printf '  "opening": {\n    "account": "%s",\n    "salt": "%s"\n  }' "$account" "$salt"
  fi
  if [ -n "$said_reencryption_payload" ]; then
    printf ',\n'
    envelope reencryption
  fi
  printf '\n}\n'
} >"$work/again.json"
cmp -s "$receipt" "$work/again.json" || fail "the file is a receipt in its canonical form"
passed "the file is a receipt in its canonical form"

[ "$(printf '%s' "$hashes" | grep -c .)" -le 63 ] || fail "the inclusion proof has at most 63 hashes"
for number in "$index" "$size"; do
  printf '%s\n' "$number" | grep -qx '0\|[1-9][0-9]\{0,17\}' || fail "leaf index and tree size are numbers"
done

# --- 2. Each statement is signed by the key of its role (DSSE: the signature is over the pre-authentication encoding).

for name in source target control ledger; do
  unbase64 "$work/$name.key64" "$work/$name.der" || fail "the key of $name is base64"
  is_p256 "$work/$name.der" || fail "the key of $name is a P-256 key"
  openssl pkey -pubin -inform DER -in "$work/$name.der" -out "$work/$name.pem" 2>/dev/null || fail "the key of $name is a key"
  sha256 <"$work/$name.der" >"$work/$name.id"
done

signed_by() { # ENVELOPE ROLE
  unbase64 "$work/$1.b64" "$work/$1.json" || fail "$1: the payload is base64"
  unbase64 "$work/$1.sig64" "$work/$1.sig" || fail "$1: the signature is base64"
  local length
  length=$(wc -c <"$work/$1.json")
  length=${length// /}
  { printf 'DSSEv1 28 application/vnd.in-toto+json %s ' "$length"; cat "$work/$1.json"; } >"$work/$1.pae"
  cmp -s "$work/$1.keyid" "$work/$2.id" || fail "$1 names the key of $2"
  openssl dgst -sha256 -verify "$work/$2.pem" -signature "$work/$1.sig" "$work/$1.pae" >/dev/null 2>&1 ||
    fail "$1 is signed by $2"
  passed "$1 is signed by $2"
}
signed_by departure source
signed_by arrival target
signed_by erasure source
signed_by move control
[ -z "$said_reencryption_payload" ] || signed_by reencryption target

cmp -s "$work/source.id" "$work/target.id" && fail "source and target have keys of their own"
cmp -s "$work/source.id" "$work/control.id" && fail "source and control have keys of their own"
cmp -s "$work/target.id" "$work/control.id" && fail "target and control have keys of their own"
passed "source, target and control have keys of their own"

# --- 3. The checkpoint is signed by the ledger (C2SP signed note).

printf '%s' "$note" | sed 's/\\n//g' | grep -q '\\' && fail "the checkpoint has no escapes but line ends"
printf '%b' "$note" >"$work/note"
sed -n '1,3p' "$work/note" >"$work/note.text"
origin=$(sed -n '1p' "$work/note")
[ "$(sed -n '2p' "$work/note")" = "$size" ] || fail "the checkpoint is of the tree's size"
sed -n '3p' "$work/note" | tr -d '\n' >"$work/root64"
unbase64 "$work/root64" "$work/root" || fail "the checkpoint's root is base64"
[ -z "$(sed -n '4p' "$work/note")" ] || fail "the checkpoint has three lines"
[ "$(tail -c 1 "$work/note" | od -An -tx1 | tr -d ' ')" = 0a ] || fail "the checkpoint ends in a line end"

# Lines of other keys are passed over, if they are signature lines; each that claims this name and key must verify.
claimed=0 lines=0
while IFS= read -r line; do
  lines=$((lines + 1))
  [ "$lines" -le 16 ] || fail "the checkpoint has at most 16 signatures"
  printf '%s\n' "$line" | grep -Eqx -- '— [^ +[:cntrl:]]{1,384} [A-Za-z0-9+/]+={0,2}' || fail "the checkpoint's signatures are lines of name and base64"
  printf '%s' "${line##* }" >"$work/note.sig64"
  unbase64 "$work/note.sig64" "$work/note.bytes" && [ "$(wc -c <"$work/note.bytes")" -gt 4 ] ||
    fail "the checkpoint's signature is base64"
  line=${line#— }
  [ "${line% *}" = "$origin" ] || continue
  [ "$(hex "$work/note.bytes" | head -c 8)" = "$(head -c 8 "$work/ledger.id")" ] || continue
  tail -c +5 "$work/note.bytes" >"$work/note.sig"
  openssl dgst -sha256 -verify "$work/ledger.pem" -signature "$work/note.sig" "$work/note.text" >/dev/null 2>&1 ||
    fail "the checkpoint is signed by the ledger"
  claimed=$((claimed + 1))
done < <(sed -n '5,$p' "$work/note")
[ "$claimed" -gt 0 ] || fail "the checkpoint is signed by $origin with the ledger's key"
passed "the checkpoint of $origin at size $size is signed by the ledger"

if [ -n "$trusted" ]; then
  openssl pkey -pubin -in "$trusted" -outform DER -out "$work/trusted.der" 2>/dev/null || fail "$trusted is a public key"
  cmp -s "$work/trusted.der" "$work/ledger.der" || fail "the ledger's key is the one you trust"
  passed "the ledger's key is the one you trust"
else
  echo "-       the ledger's key is the one you trust: no key given, compare $(<"$work/ledger.id")"
fi

# --- 4. The move's envelope is a leaf of the ledger (RFC 6962; the walk is RFC 9162, section 2.1.3.2).

canonical() { # the bytes that are hashed: one line, no white space
  printf '{"payloadType":"application/vnd.in-toto+json","payload":"%s","signatures":[{"keyid":"%s","sig":"%s"}]}' \
    "$(<"$work/$1.b64")" "$(<"$work/$1.keyid")" "$(<"$work/$1.sig64")"
}

[ "$index" -lt "$size" ] || fail "the leaf is in the tree"
hash=$({ printf '\000'; canonical move; } | sha256)
node=$index
last=$((size - 1))
for sibling in $hashes; do
  [ "$last" -ne 0 ] || fail "the inclusion proof is as long as the tree is high"
  if [ $((node % 2)) -eq 1 ] || [ "$node" -eq "$last" ]; then
    hash=$({ printf '\001'; unhex "$sibling"; unhex "$hash"; } | sha256)
    while [ $((node % 2)) -eq 0 ] && [ "$node" -ne 0 ]; do
      node=$((node / 2))
      last=$((last / 2))
    done
  else
    hash=$({ printf '\001'; unhex "$hash"; unhex "$sibling"; } | sha256)
  fi
  node=$((node / 2))
  last=$((last / 2))
done
[ "$last" -eq 0 ] || fail "the inclusion proof is as long as the tree is high"
[ "$hash" = "$(hex "$work/root")" ] || fail "the move is leaf $index of the ledger"
passed "the move is leaf $index of the ledger"

# --- 5. The statements are of one move and agree.

# A statement has one form, field by field, without white space. Quotes inside of values are escaped, so "name": can only
# be the field, and there is one of each.
S='"([^"\\]|\\.)+"'                                         # text
N='(0|[1-9][0-9]{0,18})'                                    # number
H='"[0-9a-f]{64}"'                                          # SHA-256
U='"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"'             # UUID
T='"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z"'       # time
P="\\{\"name\":$S,\"country\":\"[A-Z]{2}\"\\}"              # party
R="\\{\"name\":$S,\"country\":\"[A-Z]{2}\",\"operator\":$P,\"owner\":$P,\"custodian\":\\{\"kind\":$S,\"country\":\"[A-Z]{2}\"\\}\\}"
C="\\{\"rowsLeft\":0,\"filesLeft\":0,\"descriptorsLeft\":(0|null),\"keyForgotten\":true,\"readersEnded\":$N,\"readersCut\":$N\\}" # check
is() { # STATEMENT PREDICATE FIELDS: fields as NAME=PATTERN
  local fields='' one
  for one in "${@:3}"; do fields="$fields,\"${one%%=*}\":${one#*=}"; done
  grep -Eqx "\\{\"_type\":\"https://in-toto\\.io/Statement/v1\",\"subject\":\\[\\{\"name\":\"account\",\"digest\":\\{\"sha256\":$H\\}\\}\\],\"predicateType\":\"https://domicile\\.dev/predicates/$2/v1\",\"predicate\":\\{${fields#,}\\}\\}" \
    "$work/$1.json" && [ "$(wc -l <"$work/$1.json")" -eq 0 ] || fail "the $1 is a statement in its canonical form"
  passed "the $1 is a statement in its canonical form"
}
is departure move-departure moveId="$U" region="$R" to="$S" epoch="$N" finalSeq="$N" setDigest="$H" objects="$N" \
  bytes="$N" sealedAt="$T" departedAt="$T"
is arrival move-arrival moveId="$U" region="$R" from="$S" epochBefore="$N" epochAfter="$N" finalSeq="$N" \
  setDigest="$H" objects="$N" bytes="$N" activatedAt="$T" departureSha256="$H"
is erasure erasure moveId="$U" region="$R" epoch="$N" keyDestroyedAt="$T" erasedAt="$T" rows="$N" contents="$N" \
  bytes="$N" filesChecked="$N" arrivalSha256="$H(,\"check\":$C)?"
is move move moveId="$U" from="$R" to="$R" epochBefore="$N" epochAfter="$N" finalSeq="$N" setDigest="$H" objects="$N" \
  bytes="$N" startedAt="$T" activatedAt="$T" erasedAt="$T" pauseMs="$N" policyVersion="$N" policyRule="$S" \
  fromKey="$H" toKey="$H" departureSha256="$H" arrivalSha256="$H" erasureSha256="$H"

# `said STATEMENT NAME`: the value of a field; `region STATEMENT NAME`: the same for a region.
find_in() { # STATEMENT NAME PATTERN
  local json pattern="\"$2\":($3)"
  json=$(<"$work/$1.json")
  [[ $json =~ $pattern ]] && printf '%s' "${BASH_REMATCH[1]}"
}
said() {
  local value
  value=$(find_in "$1" "$2" "$S|$N")
  value=${value#\"}
  printf '%s' "${value%\"}"
}
region() { find_in "$1" "$2" "$R"; }
name_of() { # REGION
  local pattern="^\\{\"name\":\"(([^\"\\\\]|\\\\.)+)\""
  [[ $1 =~ $pattern ]] && printf '%s' "${BASH_REMATCH[1]}"
}
same() { # WHAT VALUE VALUE...
  local what=$1 first=$2 value
  [ -n "$first" ] || fail "$what"
  for value in "${@:3}"; do
    [ "$value" = "$first" ] || fail "$what"
  done
  passed "$what: $first"
}

same "one account" "$(said move sha256)" "$(said departure sha256)" "$(said arrival sha256)" "$(said erasure sha256)"
same "one move" "$(said move moveId)" "$(said departure moveId)" "$(said arrival moveId)" "$(said erasure moveId)"
same "one set digest" "$(said move setDigest)" "$(said departure setDigest)" "$(said arrival setDigest)"
same "one final seq" "$(said move finalSeq)" "$(said departure finalSeq)" "$(said arrival finalSeq)"
same "one number of objects" "$(said move objects)" "$(said departure objects)" "$(said arrival objects)"
same "one number of bytes" "$(said move bytes)" "$(said departure bytes)" "$(said arrival bytes)"
same "the epoch before" "$(said move epochBefore)" "$(said departure epoch)" "$(said arrival epochBefore)" "$(said erasure epoch)"
same "the epoch after, one more" "$(said move epochAfter)" "$(said arrival epochAfter)" "$(($(said move epochBefore) + 1))"
same "arrived at" "$(said move activatedAt)" "$(said arrival activatedAt)"
same "erased at" "$(said move erasedAt)" "$(said erasure erasedAt)"
same "the source's key" "$(said move fromKey)" "$(<"$work/source.id")"
same "the target's key" "$(said move toKey)" "$(<"$work/target.id")"

from=$(region move from)
to=$(region move to)
same "the source" "$from" "$(region departure region)" "$(region erasure region)"
same "the target" "$to" "$(region arrival region)"
same "the source's name" "$(name_of "$from")" "$(said arrival from)"
same "the target's name" "$(name_of "$to")" "$(said departure to)"
[ "$(name_of "$from")" != "$(name_of "$to")" ] || fail "source and target are two regions"

# --- 6. Each statement names the one before it by its hash: so it arrived before it was erased. Clocks prove no order.

departure=$(canonical departure | sha256)
arrival=$(canonical arrival | sha256)
erasure=$(canonical erasure | sha256)
same "departed before it arrived" "$departure" "$(said arrival departureSha256)" "$(said move departureSha256)"
same "arrived before it was erased" "$arrival" "$(said erasure arrivalSha256)" "$(said move arrivalSha256)"
same "erased" "$erasure" "$(said move erasureSha256)"

# --- 7. Until when what came lay under keys that the source had had: the target's word, which may be left out.

if [ -z "$said_reencryption_payload" ]; then
  echo "-       what came is encrypted again: the receipt doesn't say"
else
  is reencryption reencryption moveId="$U" region="$R" epoch="$N" statedAt="$T" \
    "endedAt=($T,\"contentsLeft\":0,\"bytesLeft\":0,\"damaged\":0|null,\"contentsLeft\":$N,\"bytesLeft\":$N,\"damaged\":$N)" \
    arrivalSha256="$H"
  same "re-encryption: one account" "$(said move sha256)" "$(said reencryption sha256)"
  same "re-encryption: one move" "$(said move moveId)" "$(said reencryption moveId)"
  same "re-encryption: the epoch after" "$(said move epochAfter)" "$(said reencryption epoch)"
  same "re-encryption: the target" "$to" "$(region reencryption region)"
  same "re-encryption: after it arrived" "$arrival" "$(said reencryption arrivalSha256)"
  ended=$(said reencryption endedAt)
  if [ -n "$ended" ]; then
    passed "what came is encrypted again: since $ended the source's keys open nothing"
  else
    passed "what came is encrypted again: not yet at $(said reencryption statedAt), $(said reencryption contentsLeft) contents left"
  fi
fi

# --- 8. Whom it is about.

if [ -z "$account" ]; then
  echo "-       the account is the one named: the receipt names none"
else
  is_hash "$salt" || fail "the salt is 32 bytes in hex"
  same "the account is $account" "$(said move sha256)" "$({ unhex "$salt"; printf '%s' "$account"; } | sha256)"
fi
echo "receipt: OK"
