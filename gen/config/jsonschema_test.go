package config

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"testing"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// TestJSONSchemaAgreesWithLoad applies the published JSON Schema to the cases
// of Load: an editor must accept what Load accepts, and refuse what Load
// refuses unless the case says that it cannot.
func TestJSONSchemaAgreesWithLoad(t *testing.T) {
	t.Parallel()
	v := newValidator(t)
	for _, test := range loadCases {
		t.Run(test.name, func(t *testing.T) {
			var document any
			if err := yaml.Unmarshal([]byte(test.yaml), &document); err != nil {
				if test.want == "" {
					t.Errorf("Load accepts what is not YAML: %v", err)
				}
				return // an editor shows the syntax error before it consults a schema
			}
			fault := v.check(v.root, document, "")
			switch {
			case test.want == "" && fault != "":
				t.Errorf("the JSON Schema refuses what Load accepts: %s", fault)
			case test.want != "" && !test.beyond && fault == "":
				t.Errorf("the JSON Schema accepts what Load refuses:\n%s", test.want)
			}
		})
	}
}

func TestJSONSchemaNamesEveryStorage(t *testing.T) {
	t.Parallel()
	var s struct {
		Definitions struct {
			Storage struct{ Enum []string }
		}
	}
	if err := json.Unmarshal(JSONSchema(), &s); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.Definitions.Storage.Enum, Storages()) {
		t.Errorf("the JSON Schema has %q, Storages has %q", s.Definitions.Storage.Enum, Storages())
	}
}

// validator knows the keywords that the JSON Schema uses, and fails at any
// other, so that none is silently without effect.
type validator struct {
	t    *testing.T
	root map[string]any
}

func newValidator(t *testing.T) *validator {
	v := &validator{t: t}
	if err := json.Unmarshal(JSONSchema(), &v.root); err != nil {
		t.Fatal(err)
	}
	return v
}

var unicodeEscape = regexp.MustCompile(`\\u([0-9a-f]{4})`)

// check returns what is wrong with value, "" if nothing.
func (v *validator) check(s map[string]any, value any, at string) string {
	if ref, ok := s["$ref"].(string); ok {
		return v.check(v.root["definitions"].(map[string]any)[ref[len("#/definitions/"):]].(map[string]any), value, at)
	}
	object, isObject := value.(map[string]any)
	list, isList := value.([]any)
	text, isText := value.(string)
	for keyword, rule := range s {
		ok := true
		switch keyword {
		case "$schema", "title", "description", "definitions":
		case "type":
			ok = v.isType(rule, value)
		case "enum":
			ok = slices.ContainsFunc(rule.([]any), func(e any) bool { return reflect.DeepEqual(e, value) })
		case "anyOf":
			ok = slices.ContainsFunc(rule.([]any), func(e any) bool { return v.check(e.(map[string]any), value, at) == "" })
		case "not":
			ok = v.check(rule.(map[string]any), value, at) != ""
		case "pattern":
			ok = !isText || regexp.MustCompile(unicodeEscape.ReplaceAllString(rule.(string), `\x{$1}`)).MatchString(text)
		case "minLength":
			ok = !isText || utf8.RuneCountInString(text) >= int(rule.(float64))
		case "minItems":
			ok = !isList || len(list) >= int(rule.(float64))
		case "uniqueItems":
			for i := range list {
				ok = ok && !slices.ContainsFunc(list[:i], func(e any) bool { return reflect.DeepEqual(e, list[i]) })
			}
		case "required":
			for _, name := range rule.([]any) {
				_, has := object[name.(string)]
				ok = ok && (!isObject || has)
			}
		case "dependencies":
			for name, others := range rule.(map[string]any) {
				if _, has := object[name]; !has {
					continue
				}
				for _, other := range others.([]any) {
					_, has := object[other.(string)]
					ok = ok && has
				}
			}
		case "propertyNames":
			for name := range object {
				ok = ok && v.check(rule.(map[string]any), name, at) == ""
			}
		case "items":
			for i := range list {
				if fault := v.check(rule.(map[string]any), list[i], fmt.Sprintf("%s/%d", at, i)); fault != "" {
					return fault
				}
			}
		case "properties", "additionalProperties":
			properties, _ := s["properties"].(map[string]any)
			for name, member := range object {
				known, declared := properties[name]
				if !declared {
					known = s["additionalProperties"]
				}
				if known == false {
					return at + ": unknown member " + name
				}
				if fault := v.check(known.(map[string]any), member, at+"/"+name); fault != "" {
					return fault
				}
			}
		default:
			v.t.Fatalf("the JSON Schema uses %s, which this test does not know", keyword)
		}
		if !ok {
			return fmt.Sprintf("%s: %s %v", at, keyword, rule)
		}
	}
	return ""
}

func (v *validator) isType(rule, value any) bool {
	if names, ok := rule.([]any); ok {
		return slices.ContainsFunc(names, func(name any) bool { return v.isType(name, value) })
	}
	got := "object"
	switch value.(type) {
	case nil:
		got = "null"
	case bool:
		got = "boolean"
	case string:
		got = "string"
	case int, float64:
		got = "number"
	case []any:
		got = "array"
	}
	return got == rule
}
