package main

// Every storage that outlives a program is linked in.
import (
	_ "github.com/scalargen/scalargen/storage/sqlite"
)
