#!/usr/bin/env bash
# Generates the sample's data access code, builds it, creates its tables in a
# SQLite file and places orders, saying what it does.
set -euo pipefail
cd "$(dirname "$0")"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export EC_CONFIG=$work/scalar.properties
cat >"$EC_CONFIG" <<PROPERTIES
scalar.db.storage=jdbc
scalar.db.contact_points=jdbc:sqlite:$work/ec.db
PROPERTIES

say() { printf '\n# %s\n' "$*"; }
run() { printf '$ %s\n' "$*"; "$@"; }
ec() { printf '$ ec %s\n' "$*"; "$work/ec" "$@"; }

say "Generate typed Go from schema.json"
run go generate ./...

say "Build the sample"
run go build -o "$work/ec" .

say "Create the tables in a new SQLite file"
run go tool scalarctl schema create --config "$EC_CONFIG" --schema-file schema.json --coordinator

say "Load customers and items"
ec LoadInitialData
ec GetCustomerInfo 1

say "Customer 1 orders 3 apples and 2 oranges, then a melon, on credit"
placed=$("$work/ec" PlaceOrder 1 1:3,2:2)
printf '$ ec PlaceOrder 1 1:3,2:2\n%s\n' "$placed"
order=${placed#*:\"} order=${order%\"*}
ec GetOrder "$order"
ec PlaceOrder 1 5:1
ec GetOrders 1
ec GetCustomerInfo 1

say "The credit is used up: the next order is refused, and nothing of it is stored"
if ec PlaceOrder 1 3:1,4:1; then
	echo "the order should have been refused" >&2
	exit 1
fi

say "Customer 1 repays 8000 and orders again"
ec Repayment 1 8000
ec PlaceOrder 1 3:1,4:1
ec GetCustomerInfo 1

say "Done"
