package scalar

import (
	"fmt"
	"strings"
)

// replacePlaceholders replaces ${env:NAME} and ${env:NAME:-default} by what
// lookup knows of NAME. A default may contain placeholders. $${ stands for ${,
// and what a variable holds is taken as it is. Errors do not quote the text,
// which may be a secret, except for names of variables.
func replacePlaceholders(text string, lookup func(name string) (string, bool)) (string, error) {
	if !strings.Contains(text, "${") {
		return text, nil
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		switch {
		case strings.HasPrefix(text[i:], "$${"):
			b.WriteString("${")
			i += len("$${")
		case strings.HasPrefix(text[i:], "${"):
			end := closingBrace(text[i:])
			if end < 0 {
				return "", fmt.Errorf("a placeholder that begins with ${ does not end with }: end it, or write $${ for the two characters")
			}
			value, err := placeholderValue(text[i+len("${"):i+end], lookup)
			if err != nil {
				return "", err
			}
			b.WriteString(value)
			i += end + 1
		default:
			b.WriteByte(text[i])
			i++
		}
	}
	return b.String(), nil
}

// closingBrace returns the position of the } that ends the placeholder at the
// beginning of text, −1 if there is none.
func closingBrace(text string) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch {
		case strings.HasPrefix(text[i:], "$${"):
			i += len("$${") - 1
		case strings.HasPrefix(text[i:], "${"):
			depth++
			i++
		case text[i] == '}':
			depth--
			if depth == 0 {
				return i
			}
		}
	}
	return -1
}

func placeholderValue(content string, lookup func(name string) (string, bool)) (string, error) {
	name, fallback, hasFallback := strings.Cut(content, ":-")
	source, name, _ := strings.Cut(name, ":")
	switch strings.ToLower(source) {
	case "env":
		if name == "" {
			return "", fmt.Errorf("a placeholder names no variable: write ${env:NAME}")
		}
		if value, set := lookup(name); set {
			return value, nil
		}
		if !hasFallback {
			return "", fmt.Errorf("the environment variable %s is not set: set it, or give a default with ${env:%s:-default}", name, name)
		}
	case "sys":
		// A system property is a setting of a Java process: here none is set.
		if !hasFallback {
			return "", fmt.Errorf("${sys:%s} is a property of a Java process: use the environment variable ${env:NAME}, or give a default with ${sys:%s:-default}", name, name)
		}
	default:
		return "", fmt.Errorf("a placeholder does not begin with ${env: as it must: write ${env:NAME}, or $${ for the two characters ${")
	}
	return replacePlaceholders(fallback, lookup)
}
