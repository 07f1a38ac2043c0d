package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestScriptedRun drives the built binary through a day of the shop, each
// command in a process of its own, on one SQLite file.
func TestScriptedRun(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the binary and starts it many times")
	}
	dir := t.TempDir()
	binary := filepath.Join(dir, "ec")
	config := filepath.Join(dir, "scalar.properties")
	properties := "scalar.db.storage=jdbc\nscalar.db.contact_points=jdbc:sqlite:" + filepath.ToSlash(filepath.Join(dir, "ec.db")) + "\n"
	if err := os.WriteFile(config, []byte(properties), 0o600); err != nil {
		t.Fatal(err)
	}
	start := func(name string, args ...string) (stdout, stderr string, code int) {
		t.Helper()
		var out, errs bytes.Buffer
		command := exec.CommandContext(t.Context(), name, args...)
		command.Env = append(os.Environ(), "EC_CONFIG="+config)
		command.Stdout, command.Stderr = &out, &errs
		if err := command.Run(); err != nil && command.ProcessState == nil {
			t.Fatal(err)
		}
		return out.String(), errs.String(), command.ProcessState.ExitCode()
	}
	must := func(name string, args ...string) string {
		t.Helper()
		stdout, stderr, code := start(name, args...)
		if code != 0 {
			t.Fatalf("%s %s: exit code %d\n%s%s", filepath.Base(name), strings.Join(args, " "), code, stdout, stderr)
		}
		return stdout
	}
	expect := func(want string, args ...string) {
		t.Helper()
		if diff := cmp.Diff(want, strings.TrimSpace(must(binary, args...))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", strings.Join(args, " "), diff)
		}
	}
	placeOrder := func(args ...string) string {
		t.Helper()
		var placed struct {
			OrderID string `json:"order_id"`
		}
		if err := json.Unmarshal([]byte(must(binary, append([]string{"PlaceOrder"}, args...)...)), &placed); err != nil {
			t.Fatal(err)
		}
		return placed.OrderID
	}
	refuse := func(message string, args ...string) {
		t.Helper()
		stdout, stderr, code := start(binary, args...)
		if code != 1 || stdout != "" || !strings.Contains(stderr, message) {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q, want 1, nothing and %q", strings.Join(args, " "), code, stdout, stderr, message)
		}
	}
	timestamp := func(order string) (ts int64) {
		t.Helper()
		var got struct {
			Order struct{ Timestamp int64 }
		}
		if err := json.Unmarshal([]byte(order), &got); err != nil {
			t.Fatal(err)
		}
		return got.Order.Timestamp
	}

	must("go", "build", "-o", binary, ".")
	must("go", "tool", "scalarctl", "schema", "create", "--config", config, "--schema-file", "schema.json", "--coordinator")

	must(binary, "LoadInitialData")
	expect(`{"id":1,"name":"Yamada Taro","credit_limit":10000,"credit_total":0}`, "GetCustomerInfo", "1")
	a := placeOrder("1", "1:3,2:2")
	orderA := fmt.Sprintf(`{"order_id":%q,"timestamp":%d,"customer_id":1,"customer_name":"Yamada Taro","statement":[`+
		`{"item_id":1,"item_name":"Apple","price":1000,"count":3,"total":3000},`+
		`{"item_id":2,"item_name":"Orange","price":2000,"count":2,"total":4000}],"total":7000}`,
		a, timestamp(must(binary, "GetOrder", a)))
	expect(`{"order":`+orderA+`}`, "GetOrder", a)
	b := placeOrder("1", "5:1")
	orderB := fmt.Sprintf(`{"order_id":%q,"timestamp":%d,"customer_id":1,"customer_name":"Yamada Taro","statement":[`+
		`{"item_id":5,"item_name":"Melon","price":3000,"count":1,"total":3000}],"total":3000}`,
		b, timestamp(must(binary, "GetOrder", b)))
	expect(`{"order":[`+orderA+`,`+orderB+`]}`, "GetOrders", "1")
	expect(`{"id":1,"name":"Yamada Taro","credit_limit":10000,"credit_total":10000}`, "GetCustomerInfo", "1")

	refuse("Credit limit exceeded", "PlaceOrder", "1", "3:1,4:1")
	expect(`{"order":[`+orderA+`,`+orderB+`]}`, "GetOrders", "1") // nothing stored

	must(binary, "Repayment", "1", "8000")
	expect(`{"id":1,"name":"Yamada Taro","credit_limit":10000,"credit_total":2000}`, "GetCustomerInfo", "1")
	placeOrder("1", "3:1,4:1")
	expect(`{"id":1,"name":"Yamada Taro","credit_limit":10000,"credit_total":9500}`, "GetCustomerInfo", "1")

	refuse("Over repayment", "Repayment", "1", "9501")
	refuse("Customer not found", "GetCustomerInfo", "9")
	refuse("Order not found", "GetOrder", "none")
	for _, args := range [][]string{{}, {"Buy"}, {"GetOrder"}, {"PlaceOrder", "1", "x"}, {"Repayment", "1", "much"}} {
		if _, stderr, code := start(binary, args...); code != 2 || !strings.Contains(stderr, "usage: ec") {
			t.Errorf("ec %s: exit code %d, stderr %q, want 2 and the usage", strings.Join(args, " "), code, stderr)
		}
	}
}
