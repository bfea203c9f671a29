#!/usr/bin/env bash
# Submits jobs to Optimus, follows events, and receives a signed webhook. Needs curl, jq, openssl, and busybox for `nc`.
set -euo pipefail

url=${OPTIMUS_URL:-http://127.0.0.1:8080}
headers=(-H 'content-type: application/json')
[ -z "${OPTIMUS_KEY:-}" ] || headers+=(-H "authorization: Bearer $OPTIMUS_KEY")

# call METHOD PATH [BODY]: an error's body names the fault and the remedy, so it is shown.
call() { curl -sS --no-buffer --fail-with-body -X "$1" "${headers[@]}" "$url$2" ${3:+-d "$3"}; }

# is_signed SECRET ID TIMESTAMP SIGNATURE BODY: checks a delivery as Standard Webhooks describes.
is_signed() {
  local key age mac
  age=$(($(date +%s) - $3))
  # A recorded delivery cannot be sent again later.
  [ "${age#-}" -le 300 ] || return 1
  key=$(base64 -d <<<"${1#whsec_}" | od -An -vtx1 | tr -d ' \n')
  mac=$(printf '%s.%s.%s' "$2" "$3" "$5" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64)
  case " $4 " in *" v1,$mac "*) ;; *) return 1 ;; esac
}

# header NAME FILE: the value of a header of a request in a file.
header() { sed -n "s/^$1: *//Ip" "$2" | tr -d '\r' | head -n 1; }

right='{"language": "python", "source": "print(2 * int(input()))", "tests": [{"stdin": "1", "expect": "2"}]}'
wrong=$(jq -c '.tests += [{"stdin": "2", "expect": "5"}]' <<<"$right")

id=$(call POST /v1/jobs "$wrong" | jq -r .id)
echo "submitted $id"
# Server-sent events: one JSON value in each `data:` line. `done` always arrives, and holds the whole report; a client that
# subscribes late, or reads slowly, misses some of the others.
call GET "/v1/jobs/$id/events" | sed -un 's/^data: *//p' | jq -r --unbuffered '
  select(.event == "done").report
  | (.tests | to_entries[] | "test \(.key + 1): \(.value.verdict)"), "done: \(.verdict)"'

echo "waited: $(call POST '/v1/jobs?wait=30s' "$right" | jq -r .report.verdict)"

secret="whsec_$(openssl rand -base64 32)"
port=$((20000 + RANDOM % 10000))
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
request=$folder/request
mkfifo "$folder/answer"
busybox nc -l -p "$port" <"$folder/answer" >"$request" &
receiver=$!
exec 3>"$folder/answer"
call POST /v1/jobs "$(jq -c --arg url "http://127.0.0.1:$port/" --arg secret "$secret" \
  '.webhook = {url: $url, secret: $secret}' <<<"$right")" >/dev/null
# The body follows the first empty line; the request is answered once all of it is here.
until length=$(header content-length "$request") && [ -n "$length" ] &&
  [ "$(sed '1,/^\r*$/d' "$request" | wc -c)" -ge "$length" ]; do sleep 0.1; done
printf 'HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n' >&3
exec 3>&-
wait "$receiver"
body=$(sed '1,/^\r*$/d' "$request")
is_signed "$secret" "$(header webhook-id "$request")" "$(header webhook-timestamp "$request")" \
  "$(header webhook-signature "$request")" "$body"
echo "webhook: $(jq -r .data.verdict <<<"$body"), signature verified"
