package gen

import (
	"strings"
	"unicode"
)

// nouns returns the Go names for one record and for the table, which is its
// plural. The table's own spelling is kept for what it already is: indices
// stays Indices. Both are equal for words without a plural of their own
// (news, sheep, 注文).
func nouns(table string) (one, many string) {
	split := words(table)
	if len(split) == 0 {
		return "", ""
	}
	rest, last := split[:len(split)-1], split[len(split)-1]
	with := func(word string) string { return exported(append(rest[:len(rest):len(rest)], word)) }
	switch s, p := singular(last), plural(last); {
	case s != last:
		return with(s), with(last)
	default:
		return with(last), with(p)
	}
}

// singular returns the singular of an English noun, word itself if it is one
// or is no English. It is not clever: it knows the endings, and words.
func singular(word string) string {
	return inflect(word, func(w string) string {
		if uncountable[w] || singulars[w] {
			return w
		}
		if s, ok := irregularSingulars[w]; ok {
			return s
		}
		for _, e := range singularEndings {
			if stem, ok := strings.CutSuffix(w, e.from); ok && len(stem) >= e.stem {
				return stem + e.to
			}
		}
		return w
	})
}

// plural returns the plural of an English noun in the singular.
func plural(word string) string {
	return inflect(word, func(w string) string {
		if uncountable[w] {
			return w
		}
		if p, ok := irregularPlurals[w]; ok {
			return p
		}
		n := len(w)
		switch {
		case strings.HasSuffix(w, "man") && !humans[w]:
			return w[:n-2] + "en"
		case strings.HasSuffix(w, "sis"):
			return w[:n-2] + "es"
		case hasAnySuffix(w, "s", "x", "z", "ch", "sh"):
			return w + "es"
		case n > 1 && w[n-1] == 'y' && !strings.ContainsRune("aeiou", rune(w[n-2])):
			return w[:n-1] + "ies"
		}
		return w + "s"
	})
}

// humans end in man without being composed with it.
var humans = set("human shaman german roman talisman ottoman caiman norman")

// inflect applies f to a word of ASCII letters in lower case, and carries the
// result over to the word's own letter case: what it ended with changes.
func inflect(word string, f func(string) string) string {
	lower := strings.ToLower(word)
	if len(word) < 2 || strings.ContainsFunc(word, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsLetter(r) }) {
		return word
	}
	changed := f(lower)
	if initialisms[changed] || initialisms[lower] {
		return changed // styled writes initialisms
	}
	common := 0
	for common < len(changed) && common < len(lower) && changed[common] == lower[common] {
		common++
	}
	end := changed[common:]
	if word == strings.ToUpper(word) {
		end = strings.ToUpper(end)
	}
	return word[:common] + end
}

func hasAnySuffix(s string, suffixes ...string) bool {
	for _, e := range suffixes {
		if strings.HasSuffix(s, e) {
			return true
		}
	}
	return false
}

// An ending turns …from into …to where at least stem letters come before.
type ending struct {
	from, to string
	stem     int
}

// singularEndings are tried in order.
var singularEndings = []ending{
	{"ss", "ss", 0}, {"us", "us", 0}, {"is", "is", 0},
	{"sses", "ss", 1}, {"shes", "sh", 1}, {"ches", "ch", 1}, {"xes", "x", 1}, {"zzes", "zz", 1}, {"oes", "o", 2},
	{"ouses", "ouse", 1}, {"auses", "ause", 1}, {"uses", "us", 1},
	{"ies", "y", 2}, {"men", "man", 1},
	{"s", "", 2},
}

// uncountable words have no plural, or are their own.
var uncountable = set(`advice aircraft analytics athletics bison cattle chaos commerce content cosmos crossroads
	data deer dns economics electronics email equipment ethics evidence feedback fish fruit furniture gear goods
	gps hardware headquarters help homework housing https info information infrastructure insurance inventory
	jeans knowledge kudos linguistics logistics luggage machinery mail mathematics means media metadata money moose
	music news offspring pants physics police politics progress rain research rice rss salmon scissors series
	shambles sheep shrimp sms software spacecraft species staff stuff swine tls traffic trousers tuna wheat
	whereabouts wildlife css ssl aws cms`)

// singulars end as plurals do.
var singulars = set(`abdomen acumen alias asbestos atlas bias bus canvas christmas cyclops ethos gas has his iris
	lens omen pancreas pathos pyjamas regimen rhinoceros semen specimen stamen tennis trellis was yes`)

var irregularSingulars, irregularPlurals = irregulars(`
	person people	child children	foot feet	tooth teeth	goose geese	mouse mice	louse lice	ox oxen	die dice
	index indices	matrix matrices	vertex vertices	appendix appendices	vortex vortices	codex codices
	criterion criteria	phenomenon phenomena	bacterium bacteria	alumnus alumni	cactus cacti	fungus fungi
	nucleus nuclei	radius radii	stimulus stimuli	syllabus syllabi	locus loci	stratum strata
	memorandum memoranda	curriculum curricula	addendum addenda	erratum errata	quantum quanta
	formula formulae	larva larvae	antenna antennae	vertebra vertebrae	schema schemata	stigma stigmata
	analysis analyses	crisis crises	diagnosis diagnoses	thesis theses	hypothesis hypotheses	oasis oases
	parenthesis parentheses	synopsis synopses	ellipsis ellipses	synthesis syntheses	prognosis prognoses
	emphasis emphases	genesis geneses	paralysis paralyses	neurosis neuroses	axis axes	quiz quizzes
	wolf wolves	knife knives	life lives	wife wives	shelf shelves	half halves	leaf leaves	thief thieves
	loaf loaves	calf calves	elf elves	self selves	scarf scarves	bookshelf bookshelves
	movie movies	cookie cookies	zombie zombies	calorie calories	brownie brownies	genie genies	selfie selfies
	smoothie smoothies	rookie rookies	prairie prairies	tie ties	pie pies	lie lies	die dies	necktie neckties
	cache caches	ache aches	headache headaches	niche niches	avalanche avalanches	moustache moustaches
	axe axes	shoe shoes	toe toes	canoe canoes	horseshoe horseshoes
	alias aliases	atlas atlases	bias biases	canvas canvases	gas gases	lens lenses	iris irises	trellis trellises
	use uses	excuse excuses	abuse abuses	fuse fuses	muse muses	recluse recluses	reuse reuses	cause causes
	bus buses	status statuses	menu menus	guru gurus	emu emus	plateau plateaus	bureau bureaus	gnu gnus	tutu tutus
	ski skis	taxi taxis	api apis	kpi kpis	emoji emojis	wiki wikis	alibi alibis	bikini bikinis	safari safaris
	ui uis	gui guis	cli clis	sdi sdis	poi pois	uri uris
	photo photos	video videos	logo logos	piano pianos	memo memos	zero zeros	ratio ratios	portfolio portfolios
	studio studios	radio radios	scenario scenarios	audio audios	kilo kilos	repo repos	promo promos	demo demos
	auto autos	euro euros	solo solos	silo silos	folio folios	combo combos
	hero heroes	potato potatoes	tomato tomatoes	echo echoes	veto vetoes	cargo cargoes	embargo embargoes
	passerby passersby	virus viruses	id ids	ad ads`)

// irregulars reads pairs of singular and plural. The first pair of a word wins,
// as a plural and as a singular.
func irregulars(pairs string) (singulars, plurals map[string]string) {
	singulars, plurals = map[string]string{}, map[string]string{}
	fields := strings.Fields(pairs)
	for i := 0; i < len(fields); i += 2 {
		one, many := fields[i], fields[i+1]
		if _, ok := plurals[one]; !ok {
			plurals[one] = many
		}
		if _, ok := singulars[many]; !ok {
			singulars[many] = one
		}
	}
	return singulars, plurals
}

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}
