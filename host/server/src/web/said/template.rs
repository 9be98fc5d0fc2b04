//! A sentence with places for values, written as `format!` takes it.

/// A sentence with fewer characters of its own says little.
const LOOSE_CHARACTERS: usize = 9;

/// A sentence as it stands in the sources. Places side by side are one: nothing tells where the first value ends.
#[derive(Clone, Debug)]
pub(super) struct Template {
    pub pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Words(String),
    /// The place of a value.
    Value(usize),
}

impl Template {
    /// `names` are those of the values, in order; new ones are added.
    pub(super) fn read(text: &str, names: &mut Vec<String>) -> Template {
        let mut pieces = Vec::new();
        let mut words = String::new();
        let (mut rest, mut unnamed) = (text, 0);
        while let Some(at) = rest.find(['{', '}']) {
            words.push_str(&rest[..at]);
            let brace = &rest[at..at + 1];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(brace) {
                // Twice is once, and no place.
                words.push_str(brace);
                rest = after;
                continue;
            }
            let Some((inside, after)) = rest.split_once('}') else { break };
            rest = after;
            let mut name = inside.split(':').next().unwrap_or_default().to_owned();
            if name.is_empty() {
                name = unnamed.to_string();
                unnamed += 1;
            }
            let value = names.iter().position(|known| *known == name).unwrap_or_else(|| {
                names.push(name);
                names.len() - 1
            });
            if !words.is_empty() {
                pieces.push(Piece::Words(std::mem::take(&mut words)));
            }
            if !matches!(pieces.last(), Some(Piece::Value(_))) {
                pieces.push(Piece::Value(value));
            }
        }
        words.push_str(rest);
        if !words.is_empty() {
            pieces.push(Piece::Words(words));
        }
        Template { pieces }
    }

    /// The values with which this is the sentence. Where more than one way to read it is left, the first value ends first.
    pub(super) fn values<'a>(&self, sentence: &'a str) -> Option<Vec<&'a str>> {
        let mut values = vec![""; self.values_count()];
        let mut rest = sentence;
        for (at, piece) in self.pieces.iter().enumerate() {
            match piece {
                Piece::Words(words) => rest = rest.strip_prefix(words.as_str())?,
                Piece::Value(value) => {
                    let (found, after) = rest.split_at(self.end(at, rest)?);
                    if !["", found].contains(&values[*value]) {
                        return None;
                    }
                    (values[*value], rest) = (found, after);
                }
            }
        }
        rest.is_empty().then_some(values)
    }

    /// One more than the last value.
    fn values_count(&self) -> usize {
        let value = |piece: &Piece| if let Piece::Value(value) = piece { value + 1 } else { 0 };
        self.pieces.iter().map(value).max().unwrap_or(0)
    }

    /// Where the value at a piece ends. Whatever stands in it, backticks enclose whole names.
    fn end(&self, at: usize, rest: &str) -> Option<usize> {
        let words = |at: usize| match self.pieces.get(at) {
            Some(Piece::Words(words)) => words.as_str(),
            _ => "",
        };
        // Nor is there a name in what stands right before one.
        let is_name = self.is_enclosed(at) || words(at + 1).trim() == "`";
        let is_whole = |end: &usize| {
            let ticks = rest[..*end].matches('`').count();
            *end > 0 && if is_name { ticks == 0 } else { ticks.is_multiple_of(2) }
        };
        match self.pieces.get(at + 1) {
            Some(Piece::Words(words)) if at + 2 == self.pieces.len() => {
                Some(rest.strip_suffix(words.as_str())?.len()).filter(is_whole)
            }
            Some(Piece::Words(words)) => rest.match_indices(words.as_str()).map(|(end, _)| end).find(is_whole),
            // The rest, whatever it is: what an app said is no sentence.
            _ => Some(rest.len()).filter(|end| *end > 0),
        }
    }

    /// Whether a value is a name: it stands between backticks.
    pub(super) fn is_name(&self, value: usize) -> bool {
        self.pieces.iter().position(|piece| *piece == Piece::Value(value)).is_some_and(|at| self.is_enclosed(at))
    }

    fn is_enclosed(&self, at: usize) -> bool {
        let ticks = |piece: &Piece| if let Piece::Words(words) = piece { words.matches('`').count() } else { 0 };
        !self.pieces[..at].iter().map(ticks).sum::<usize>().is_multiple_of(2)
    }

    /// Whether it says anything by itself.
    pub(super) fn has_words(&self) -> bool {
        self.weight(char::is_alphabetic) > 0
    }

    /// Whether it says so little that it fits nearly everything.
    pub(super) fn is_loose(&self) -> bool {
        self.fixed() < LOOSE_CHARACTERS
    }

    /// How much of it is fixed: what fits more closely is what was meant.
    pub(super) fn fixed(&self) -> usize {
        self.weight(|_| true)
    }

    fn weight(&self, counts: impl Fn(char) -> bool) -> usize {
        let words = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Words(words) => Some(words.chars().filter(|character| counts(*character)).count()),
            Piece::Value(_) => None,
        });
        words.sum()
    }
}
