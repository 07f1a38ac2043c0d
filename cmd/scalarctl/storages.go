package main

// Every storage that outlives a program is linked in.
import (
	_ "github.com/scalargen/scalargen/storage/mysql"
	_ "github.com/scalargen/scalargen/storage/postgres"
	_ "github.com/scalargen/scalargen/storage/sqlite"
)
