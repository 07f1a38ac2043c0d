package history

import (
	"encoding/json"
	"strconv"
)

// appendEvent appends the event's line, without the newline.
func appendEvent(b []byte, e *Event) []byte {
	b = strconv.AppendInt(append(b, `{"index":`...), e.Index, 10)
	b = append(append(append(b, `,"type":"`...), e.Type.String()...), '"')
	b = strconv.AppendInt(append(b, `,"process":`...), int64(e.Process), 10)
	b = strconv.AppendInt(append(b, `,"time":`...), e.Time, 10)
	b = appendString(append(b, `,"tx":`...), e.Tx)
	b = append(b, `,"value":`...)
	if e.Value == nil {
		return append(b, `null}`...)
	}
	b = append(b, '[')
	for i := range e.Value {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendOp(b, &e.Value[i])
	}
	return append(b, `]}`...)
}

func appendOp(b []byte, o *Op) []byte {
	b = append(append(append(b, `["`...), o.Kind.String()...), `",`...)
	switch o.Kind {
	case RangeScan:
		b = append(appendRange(b, &o.Range), ',')
		b = appendRows(b, o.Rows)
	case PointRead:
		b = append(appendString(b, o.Key), ',')
		b = appendResult(b, o.Result)
	case RecordDelete:
		b = appendString(b, o.Key)
	default:
		b = append(appendString(b, o.Key), ',')
		b = strconv.AppendInt(b, o.N, 10)
	}
	return append(b, ']')
}

func appendRows(b []byte, rows []Row) []byte {
	if rows == nil {
		return append(b, `null`...)
	}
	b = append(b, '[')
	for i, row := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(append(b, '['), row.Key), ',')
		b = append(appendResult(b, row.Result), ']')
	}
	return append(b, ']')
}

func appendResult(b []byte, r Result) []byte {
	switch r.Kind {
	case Register:
		return strconv.AppendInt(b, r.N, 10)
	case List:
		b = append(b, '[')
		for i, n := range r.List {
			if i > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendInt(b, n, 10)
		}
		return append(b, ']')
	default:
		return append(b, `null`...)
	}
}

func appendRange(b []byte, r *Range) []byte {
	b = appendString(append(b, `{"prefix":`...), r.Prefix)
	if r.From != "" {
		b = appendString(append(b, `,"from":`...), r.From)
	}
	if r.To != "" {
		b = appendString(append(b, `,"to":`...), r.To)
	}
	if r.Order != Ascending {
		b = append(append(append(b, `,"order":"`...), r.Order.String()...), '"')
	}
	if r.Limit != 0 {
		b = strconv.AppendInt(append(b, `,"limit":`...), int64(r.Limit), 10)
	}
	if r.Where.Mod != 0 {
		b = strconv.AppendInt(append(b, `,"where":{"mod":[`...), r.Where.Mod, 10)
		b = append(strconv.AppendInt(append(b, ','), r.Where.Rem, 10), `]}`...)
	}
	return append(b, '}')
}

// appendString appends s as JSON. Keys and transaction ids are plain text, so
// the general encoder is for the exceptions.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			quoted, _ := json.Marshal(s) // strings always marshal
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
