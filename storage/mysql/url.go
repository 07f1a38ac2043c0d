package mysql

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	my "github.com/go-sql-driver/mysql"

	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// parseURL reads a URL of MariaDB Connector/J, which Java ScalarDB uses for both
// products:
//
//	jdbc:mysql://host:3306/database?user=…&password=…&sslMode=verify-full
//
// Parameters that only concern Java's driver are taken and have no effect; one
// that is not known is refused, since it may be what keeps a connection secret.
// Errors do not quote the URL, which may hold a password.
func parseURL(text, scheme string) (*my.Config, error) {
	rest, parameters, err := sqlstore.ParseJDBCURL(text, scheme)
	if err != nil {
		return nil, err
	}
	rest, isNetwork := strings.CutPrefix(rest, "//")
	if !isNetwork {
		return nil, fmt.Errorf("the JDBC URL must have the form jdbc:%s://host:port/database and has not", scheme)
	}
	host, database, _ := strings.Cut(rest, "/")
	if strings.ContainsAny(host, ",()@") {
		return nil, errors.New("the JDBC URL names several hosts, or more than a host: write host:port, and user and password as properties or parameters")
	}
	c := my.NewConfig()
	c.Net = "tcp"
	if c.Addr, err = address(host); err != nil {
		return nil, err
	}
	if c.DBName, err = url.PathUnescape(database); err != nil {
		return nil, errors.New("the database in the JDBC URL is malformed")
	}
	var security security
	for name, value := range parameters {
		if err := setParameter(c, &security, name, value); err != nil {
			return nil, err
		}
	}
	return c, security.apply(c)
}

// address completes a host by the default port.
func address(host string) (string, error) {
	if host == "" {
		host = "localhost"
	}
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host, nil
	}
	bare := strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.Contains(bare, ":") && bare == host {
		return "", errors.New("the host in the JDBC URL is malformed: write host, host:port or [address]:port")
	}
	return net.JoinHostPort(bare, "3306"), nil
}

// ignoredParameters concern how Java's driver works, or ask for what is always
// done here.
var ignoredParameters = []string{
	"usefoundrows", "useaffectedrows", "permitmysqlscheme", "rewritebatchedstatements", "usebulkstmts", "usebulkstmtsforinserts", "useserverprepstmts", "cacheprepstmts",
	"prepstmtcachesize", "prepstmtcachesqllimit", "useunicode", "characterencoding", "connectiontimezone", "servertimezone", "usecompression",
	"tcpkeepalive", "tcpnodelay", "autocommit", "usereadaheadinput", "allowpublickeyretrieval", "allowmultiqueries", "tinyint1isbit", "transformedbitisboolean",
	"yearisdatetype", "usecursorfetch", "defaultfetchsize", "usepipelineauth", "maxallowedpacket", "dumpqueriesonexception", "createdatabaseifnotexist",
}

func setParameter(c *my.Config, s *security, name, value string) error {
	millis := func(into *time.Duration) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return fmt.Errorf("%s in the JDBC URL must be a whole number of milliseconds", name)
		}
		*into = time.Duration(n) * time.Millisecond
		return nil
	}
	switch folded := strings.ToLower(name); folded {
	case "user":
		c.User = value
	case "password":
		c.Passwd = value
	case "connecttimeout":
		return millis(&c.Timeout)
	case "sockettimeout":
		if err := millis(&c.ReadTimeout); err != nil {
			return err
		}
		c.WriteTimeout = c.ReadTimeout
	case "sessionvariables":
		c.Params = map[string]string{}
		for assignment := range strings.SplitSeq(value, ",") {
			variable, to, found := strings.Cut(assignment, "=")
			if !found {
				return errors.New("sessionVariables in the JDBC URL must have the form name=value,name=value")
			}
			c.Params[strings.TrimSpace(variable)] = strings.TrimSpace(to)
		}
	case "sslmode":
		s.mode = strings.ReplaceAll(strings.ToLower(value), "_", "-")
	case "usessl", "requiressl":
		s.wanted = s.wanted || isTrue(value)
	case "trustservercertificate":
		s.trust = isTrue(value)
	case "verifyservercertificate":
		s.trust = !isTrue(value)
	case "disablesslhostnameverification":
		s.anyHost = isTrue(value)
	case "serversslcert":
		s.authority = value
	default:
		for _, ignored := range ignoredParameters {
			if folded == ignored {
				return nil
			}
		}
		return fmt.Errorf("unknown parameter %s in the JDBC URL: user, password, connectTimeout, socketTimeout, sessionVariables, sslMode, useSsl, "+
			"trustServerCertificate, disableSslHostnameVerification and serverSslCert are known", name)
	}
	return nil
}

// isTrue reads a flag as Java's driver does.
func isTrue(value string) bool {
	return value == "" || value == "1" || strings.EqualFold(value, "true")
}

// security is what a JDBC URL says of TLS.
type security struct {
	mode      string // "" if it is left to the others
	wanted    bool
	trust     bool // whatever certificate
	anyHost   bool
	authority string // file of the certificates to trust
}

// apply sets the TLS configuration.
func (s security) apply(c *my.Config) error {
	switch s.mode {
	case "":
		if !s.wanted {
			return nil
		}
	case "disable", "disabled":
		return nil
	case "preferred":
		c.AllowFallbackToPlaintext = true
		s.trust = true
	case "trust", "required":
		s.trust = true
	case "verify-ca":
		s.anyHost = true
	case "verify-full", "verify-identity":
	default:
		return fmt.Errorf("sslMode=%s in the JDBC URL: disable, trust, verify-ca and verify-full are known", s.mode)
	}
	host, _, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return err
	}
	c.TLS = &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if s.authority != "" {
		pem, err := os.ReadFile(strings.TrimPrefix(s.authority, "file:"))
		if err != nil {
			return fmt.Errorf("serverSslCert in the JDBC URL: %w", err)
		}
		c.TLS.RootCAs = x509.NewCertPool()
		if !c.TLS.RootCAs.AppendCertsFromPEM(pem) {
			return fmt.Errorf("serverSslCert in the JDBC URL: %s holds no certificate in PEM format", s.authority)
		}
	}
	switch {
	case s.trust:
		c.TLS.InsecureSkipVerify = true
	case s.anyHost:
		// Go verifies both or nothing.
		roots := c.TLS.RootCAs
		c.TLS.InsecureSkipVerify = true
		c.TLS.VerifyConnection = func(state tls.ConnectionState) error { return verifyChain(state, roots) }
	}
	return nil
}

// verifyChain verifies a server's certificates, whatever host they name.
func verifyChain(state tls.ConnectionState, roots *x509.CertPool) error {
	options := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
	for _, certificate := range state.PeerCertificates[1:] {
		options.Intermediates.AddCert(certificate)
	}
	_, err := state.PeerCertificates[0].Verify(options)
	return err
}
