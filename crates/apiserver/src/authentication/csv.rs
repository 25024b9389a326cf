//! Comma separated values, as upstream's library reads them.

/// What is wrong with a text, and where: counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CsvError {
    /// A quote inside a field that does not begin with one.
    #[error("parse error on line {0}, column {1}: bare \" in non-quoted field")]
    BareQuote(usize, usize),
    /// Something other than a comma after the quote that ends a field, or no such quote.
    #[error("parse error on line {0}, column {1}: extraneous or missing \" in quoted-field")]
    Quote(usize, usize),
}

/// Reads records. Empty lines are none; fields in quotes may hold commas, line ends and doubled quotes.
pub(super) fn records(text: &str) -> Result<Vec<Vec<String>>, CsvError> {
    let mut reader = Reader { rest: text, line: 1, column: 1 };
    let mut records = Vec::new();
    while !reader.rest.is_empty() {
        if reader.end_line() {
            continue;
        }
        records.push(reader.record()?);
    }
    Ok(records)
}

struct Reader<'t> {
    rest: &'t str,
    line: usize,
    column: usize,
}

impl Reader<'_> {
    fn record(&mut self) -> Result<Vec<String>, CsvError> {
        let mut fields = Vec::new();
        loop {
            fields.push(if self.rest.starts_with('"') { self.quoted()? } else { self.plain()? });
            if self.rest.is_empty() || self.end_line() {
                return Ok(fields);
            }
            self.skip(1);
        }
    }

    /// Up to a comma or the end of the line.
    fn plain(&mut self) -> Result<String, CsvError> {
        let end = self.rest.find([',', '\n']).unwrap_or(self.rest.len());
        let field = &self.rest[..end];
        let field = if self.rest[end..].starts_with('\n') {
            field.strip_suffix('\r').unwrap_or(field)
        } else {
            field
        };
        if let Some(place) = field.find('"') {
            return Err(CsvError::BareQuote(self.line, self.column + place));
        }
        let field = field.to_owned();
        self.skip(field.len());
        Ok(field)
    }

    fn quoted(&mut self) -> Result<String, CsvError> {
        self.skip(1);
        let mut field = String::new();
        loop {
            let Some(end) = self.rest.find('"') else { return Err(CsvError::Quote(self.line, self.column)) };
            field.push_str(&self.rest[..end]);
            self.skip(end + 1);
            if self.rest.starts_with('"') {
                field.push('"');
                self.skip(1);
            } else if self.rest.is_empty()
                || self.rest.starts_with([',', '\n'])
                || self.rest.starts_with("\r\n")
            {
                return Ok(field);
            } else {
                return Err(CsvError::Quote(self.line, self.column - 1));
            }
        }
    }

    /// Skips the end of a line, if one is next.
    fn end_line(&mut self) -> bool {
        let length = if self.rest.starts_with("\r\n") { 2 } else { usize::from(self.rest.starts_with('\n')) };
        self.skip(length);
        length > 0
    }

    fn skip(&mut self, length: usize) {
        let (skipped, rest) = self.rest.split_at(length);
        match skipped.rfind('\n') {
            None => self.column += length,
            Some(last) => {
                self.line += skipped.matches('\n').count();
                self.column = length - last;
            }
        }
        self.rest = rest;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_upstream_reads() {
        for (text, expected) in [
            ("", Ok(vec![])),
            ("a,b\n\n\r\nc,d\r\n", Ok(vec![vec!["a", "b"], vec!["c", "d"]])),
            ("a,\"b,c\",\"d\"\"e\"", Ok(vec![vec!["a", "b,c", "d\"e"]])),
            ("a,\"b\nc\"\nd", Ok(vec![vec!["a", "b\nc"], vec!["d"]])),
            ("a,,\n", Ok(vec![vec!["a", "", ""]])),
            (",", Ok(vec![vec!["", ""]])),
            ("a,b\"c", Err(CsvError::BareQuote(1, 4))),
            ("x\na,\"b", Err(CsvError::Quote(2, 4))),
            ("\"a\"b", Err(CsvError::Quote(1, 3))),
        ] {
            let expected = expected.map(|records: Vec<Vec<&str>>| {
                records.into_iter().map(|record| record.into_iter().map(str::to_owned).collect()).collect()
            });
            assert_eq!(records(text), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn quoted_fields_come_back(fields in prop::collection::vec("[a,\"\n\r é]{0,6}", 1..4)) {
            let quoted: Vec<String> = fields.iter().map(|field| format!("\"{}\"", field.replace('"', "\"\""))).collect();
            prop_assert_eq!(records(&quoted.join(",")), Ok(vec![fields]));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[a,\"\n\ré]{0,20}") {
            let _ = records(&text);
        }
    }
}
