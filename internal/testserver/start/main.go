// Command start runs a private database server in the foreground, for those who
// develop, and prints how to reach it:
//
//	go run ./internal/testserver/start [-durable] [-set name=value] postgres|mariadb
//
// Ctrl-C ends the server and removes its data.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/scalargen/scalargen/internal/testserver"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "start:", err)
		os.Exit(1)
	}
}

func run() error {
	var options []testserver.Option
	durable := flag.Bool("durable", false, "commit to the disk")
	flag.Func("set", "a setting of the server, `name=value`; may be repeated", func(value string) error {
		options = append(options, testserver.Set(value))
		return nil
	})
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: start [-durable] [-set name=value] postgres|mariadb")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if *durable {
		options = append(options, testserver.Durable)
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	process, err := testserver.Start(flag.Arg(0), options...)
	if err != nil {
		return err
	}
	for _, line := range [][2]string{
		{"URL", process.URL}, {"DSN", process.DSN}, {"admin", process.Admin},
		{"JDBC", process.JDBC}, {"user", process.User}, {"password", process.Password}, {"CA", process.Authority},
	} {
		if line[1] != "" {
			fmt.Printf("%-9s %s\n", line[0], line[1])
		}
	}
	<-signals
	return process.Close()
}
