package gen

import "testing"

func TestGoNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"order_id":       "OrderID",
		"orderId":        "OrderID",
		"order-id":       "OrderID",
		"ORDER_ID":       "OrderID",
		"OrderID":        "OrderID",
		"item_ids":       "ItemIDs",
		"itemIDs":        "ItemIDs",
		"HTTPServerURL":  "HTTPServerURL",
		"http_url":       "HTTPURL",
		"1st":            "X1st",
		"2":              "X2",
		"a1_2":           "A1_2",
		"a12":            "A12",
		"_lead":          "Lead",
		"trail_":         "Trail",
		"double__under":  "DoubleUnder",
		"a.b c/d\"e`f":   "ABCDEF",
		"type":           "Type",
		"注文":             "X注文",
		"größe":          "Größe",
		"éclair":         "Éclair",
		"ßharp":          "Xßharp",
		"--- ":           "",
		"a\nb*/c":        "ABC",
		"x\u2028y":       "XY",
		"TOTAL_AMOUNT":   "TotalAmount",
		"iPhone":         "IPhone",
		"e\u0301t\u00e9": "ETé",
	} {
		if got := exported(words(name)); got != want {
			t.Errorf("%q is %q in Go, want %q", name, got, want)
		}
	}
}

func TestVariableNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"OrderID": "orderID", "ID": "id", "URLPath": "urlPath", "IDs": "ids", "X注文": "x注文",
		"HTTPURL": "httpurl", "A": "a", "X1st": "x1st", "APIKeys": "apiKeys",
	} {
		if got := unexported(name); got != want {
			t.Errorf("unexported(%q) = %q, want %q", name, got, want)
		}
	}
}
