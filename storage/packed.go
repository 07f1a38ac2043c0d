package storage

// PackTimestamp returns the order-preserving 64-bit form in which SQLite,
// DynamoDB, Cosmos DB and object storage hold TIMESTAMP and TIMESTAMPTZ
// (storage spec, section 1.2). It equals Unix milliseconds from 1970 on and
// differs before.
func PackTimestamp(millis int64) int64 {
	second, milli := floorDiv(millis, 1000)
	if second >= 0 {
		return second*1000 + milli
	}
	return second*1000 - (999 - milli)
}

// UnpackTimestamp is the inverse of [PackTimestamp].
func UnpackTimestamp(packed int64) (millis int64) {
	if packed >= 0 {
		return packed
	}
	second, rest := packed/1000, packed%1000
	return second*1000 + rest + 999
}

func floorDiv(a, b int64) (quotient, remainder int64) {
	quotient, remainder = a/b, a%b
	if remainder < 0 {
		return quotient - 1, remainder + b
	}
	return quotient, remainder
}
