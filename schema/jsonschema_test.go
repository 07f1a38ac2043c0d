package schema

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

// validateFile applies the published JSON Schema to a schema file and returns
// what it finds wrong, "" if nothing. What is no JSON, even leniently, an
// editor refuses before it consults a schema.
func validateFile(t *testing.T, f File) string {
	t.Helper()
	fault := ""
	root, complete := readFile(f.Data, func(_ mark, text string) { fault = text })
	if !complete || fault != "" {
		return fault
	}
	return validator().validate(validator().root, document(&root), "")
}

// document converts a tree to what encoding/json would decode.
func document(n *node) any {
	switch n.kind {
	case kindNull:
		return nil
	case kindBool:
		return n.text == "true"
	case kindNumber:
		return json.Number(n.text)
	case kindString:
		return n.text
	case kindArray:
		values := []any{}
		for i := range n.kids {
			values = append(values, document(&n.kids[i]))
		}
		return values
	}
	members := map[string]any{}
	for i := range n.kids {
		members[n.kids[i].name] = document(&n.kids[i])
	}
	return members
}

var validator = sync.OnceValue(func() *evaluator {
	e := &evaluator{patterns: map[string]*regexp.Regexp{}}
	if err := json.Unmarshal(JSONSchema(), &e.root); err != nil {
		panic(err)
	}
	e.compile(e.root)
	return e
})

// evaluator knows the keywords of JSON Schema that ours uses, and panics on
// any other so that none is silently without effect.
type evaluator struct {
	root     map[string]any
	patterns map[string]*regexp.Regexp
}

// unicodeEscape is \uXXXX in an ECMA pattern, which Go writes \x{XXXX}.
var unicodeEscape = regexp.MustCompile(`\\u([0-9A-F]{4})`)

func (e *evaluator) compile(value any) {
	switch v := value.(type) {
	case map[string]any:
		for key, member := range v {
			if text, ok := member.(string); ok && key == "pattern" {
				e.patterns[text] = regexp.MustCompile(unicodeEscape.ReplaceAllString(text, `\x{$1}`))
			}
			e.compile(member)
		}
	case []any:
		for _, element := range v {
			e.compile(element)
		}
	}
}

func (e *evaluator) validate(schema map[string]any, value any, path string) string {
	for keyword, want := range schema {
		if fault := e.keyword(schema, keyword, want, value, path); fault != "" {
			return fault
		}
	}
	return ""
}

func (e *evaluator) keyword(schema map[string]any, keyword string, want, value any, path string) string {
	fault := func(format string, args ...any) string {
		return fmt.Sprintf("%s: %s: ", path, keyword) + fmt.Sprintf(format, args...)
	}
	text, isText := value.(string)
	array, isArray := value.([]any)
	object, isObject := value.(map[string]any)
	count := func() int { return int(want.(float64)) }
	switch keyword {
	case "$schema", "$id", "$defs", "title", "description", "default", "deprecated", "examples":
	case "$ref":
		target := e.root
		for _, step := range strings.Split(strings.TrimPrefix(want.(string), "#/"), "/") {
			target = target[step].(map[string]any)
		}
		return e.validate(target, value, path)
	case "type":
		types, ok := want.([]any)
		if !ok {
			types = []any{want}
		}
		if !slices.Contains(types, any(typeOf(value))) {
			return fault("%s is none of %v", typeOf(value), types)
		}
	case "enum":
		if !slices.ContainsFunc(want.([]any), func(w any) bool { return reflect.DeepEqual(w, value) }) {
			return fault("%v", value)
		}
	case "const":
		if !reflect.DeepEqual(want, value) {
			return fault("%v", value)
		}
	case "pattern":
		if isText && !e.patterns[want.(string)].MatchString(text) {
			return fault("%q", text)
		}
	case "minLength":
		if isText && utf8.RuneCountInString(text) < count() {
			return fault("%q", text)
		}
	case "maxLength":
		if isText && utf8.RuneCountInString(text) > count() {
			return fault("%q", text)
		}
	case "minItems":
		if isArray && len(array) < count() {
			return fault("%d", len(array))
		}
	case "maxItems":
		if isArray && len(array) > count() {
			return fault("%d", len(array))
		}
	case "uniqueItems":
		for i := range array {
			for j := range i {
				if want.(bool) && reflect.DeepEqual(array[i], array[j]) {
					return fault("%v", array[i])
				}
			}
		}
	case "items":
		for i := range array {
			if f := e.validate(want.(map[string]any), array[i], fmt.Sprintf("%s/%d", path, i)); f != "" {
				return f
			}
		}
	case "minProperties":
		if isObject && len(object) < count() {
			return fault("%d", len(object))
		}
	case "required":
		for _, name := range want.([]any) {
			if _, ok := object[name.(string)]; isObject && !ok {
				return fault("%v", name)
			}
		}
	case "properties":
		for name, member := range object {
			if s, ok := want.(map[string]any)[name]; ok {
				if f := e.validate(s.(map[string]any), member, path+"/"+name); f != "" {
					return f
				}
			}
		}
	case "additionalProperties":
		known, _ := schema["properties"].(map[string]any)
		for name, member := range object {
			if _, ok := known[name]; ok {
				continue
			}
			if f := e.validate(want.(map[string]any), member, path+"/"+name); f != "" {
				return f
			}
		}
	case "propertyNames":
		for name := range object {
			if f := e.validate(want.(map[string]any), name, path+"/"+name); f != "" {
				return f
			}
		}
	case "not":
		if e.validate(want.(map[string]any), value, path) == "" {
			return fault("%v", value)
		}
	case "anyOf":
		if !slices.ContainsFunc(want.([]any), func(s any) bool { return e.validate(s.(map[string]any), value, path) == "" }) {
			return fault("%v", value)
		}
	default:
		panic("unknown keyword " + keyword)
	}
	return ""
}

func typeOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case json.Number:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	}
	return "object"
}

func TestJSONSchemaDescribesEveryKnownMember(t *testing.T) {
	t.Parallel()
	table := validator().root["$defs"].(map[string]any)["table"].(map[string]any)
	described := maps.Clone(table["properties"].(map[string]any))
	for _, name := range knownMembers {
		if _, ok := described[name]; !ok {
			t.Errorf("no description of %s", name)
		}
		delete(described, name)
	}
	if len(described) > 0 {
		t.Errorf("described and unknown to the parser: %v", described)
	}
}

func TestJSONSchemaIsACopy(t *testing.T) {
	t.Parallel()
	JSONSchema()[0] = 'x'
	if !json.Valid(JSONSchema()) {
		t.Error("changing one result changes the next")
	}
}
