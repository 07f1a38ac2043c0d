package sqlstore

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// ParseJDBCURL splits jdbc:<subprotocol>:<rest>?<parameters>. A parameter given
// twice is refused, since drivers disagree about which one counts. Errors do
// not quote the URL, which may hold a password.
func ParseJDBCURL(text, subprotocol string) (rest string, parameters map[string]string, err error) {
	rest, found := strings.CutPrefix(text, "jdbc:"+subprotocol+":")
	if !found {
		return "", nil, fmt.Errorf("the JDBC URL must have the form jdbc:%s:… and has not", subprotocol)
	}
	rest, query, _ := strings.Cut(rest, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return "", nil, errors.New("the parameters of the JDBC URL after ? are malformed: write name=value, separated by &")
	}
	parameters = make(map[string]string, len(values))
	for name, given := range values {
		if len(given) > 1 {
			return "", nil, fmt.Errorf("the JDBC URL gives parameter %s %d times", name, len(given))
		}
		parameters[name] = given[0]
	}
	return rest, parameters, nil
}
