//! Why a text is no JSON, in the words of Go's scanner.

/// How deep Go's scanner goes.
const DEPTH_MAX: usize = 10_000;

/// The message about the first mistake; none where the text is one JSON value.
pub(super) fn error(text: &[u8]) -> Option<String> {
    Scanner { text, at: 0, open: Vec::new() }.document().err()
}

struct Scanner<'t> {
    text: &'t [u8],
    at: usize,
    /// Brackets and braces that are still open.
    open: Vec<u8>,
}

type Scan = Result<(), String>;

impl Scanner<'_> {
    fn document(mut self) -> Scan {
        self.value()?;
        loop {
            self.skip_blanks();
            // A value is complete here: what follows depends on where it stands.
            match self.open.last() {
                None => {
                    return match self.peek() {
                        None => Ok(()),
                        Some(byte) => Err(unexpected(byte, "after top-level value")),
                    };
                }
                Some(b'[') => match self.next()? {
                    b',' => self.value()?,
                    b']' => self.close(),
                    byte => return Err(unexpected(byte, "after array element")),
                },
                Some(_) => match self.next()? {
                    b',' => self.member()?,
                    b'}' => self.close(),
                    byte => return Err(unexpected(byte, "after object key:value pair")),
                },
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn next(&mut self) -> Result<u8, String> {
        let byte = self.peek().ok_or_else(|| "unexpected end of JSON input".to_owned())?;
        self.at += 1;
        Ok(byte)
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn close(&mut self) {
        self.open.pop();
    }

    fn open(&mut self, bracket: u8) -> Scan {
        self.open.push(bracket);
        if self.open.len() > DEPTH_MAX { Err("exceeded max depth".to_owned()) } else { Ok(()) }
    }

    /// Reads up to the end of a scalar, of an empty list or of an empty object; what is not empty is left open
    /// after its first complete scalar.
    fn value(&mut self) -> Scan {
        loop {
            self.skip_blanks();
            match self.next()? {
                b'{' => {
                    self.open(b'{')?;
                    self.skip_blanks();
                    if self.peek() == Some(b'}') {
                        self.at += 1;
                        self.close();
                        return Ok(());
                    }
                    self.key()?;
                }
                b'[' => {
                    self.open(b'[')?;
                    self.skip_blanks();
                    if self.peek() == Some(b']') {
                        self.at += 1;
                        self.close();
                        return Ok(());
                    }
                }
                b'"' => return self.string(),
                b't' => return self.literal("true"),
                b'f' => return self.literal("false"),
                b'n' => return self.literal("null"),
                b'-' => {
                    return match self.next()? {
                        byte if byte.is_ascii_digit() => self.number(byte),
                        byte => Err(unexpected(byte, "in numeric literal")),
                    };
                }
                byte if byte.is_ascii_digit() => return self.number(byte),
                byte => return Err(unexpected(byte, "looking for beginning of value")),
            }
        }
    }

    fn member(&mut self) -> Scan {
        self.key()?;
        self.value()
    }

    fn key(&mut self) -> Scan {
        self.skip_blanks();
        match self.next()? {
            b'"' => self.string()?,
            byte => return Err(unexpected(byte, "looking for beginning of object key string")),
        }
        self.skip_blanks();
        match self.next()? {
            b':' => Ok(()),
            byte => Err(unexpected(byte, "after object key")),
        }
    }

    fn string(&mut self) -> Scan {
        loop {
            match self.next()? {
                b'"' => return Ok(()),
                b'\\' => match self.next()? {
                    b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"' => {}
                    b'u' => {
                        for _ in 0..4 {
                            let byte = self.next()?;
                            if !byte.is_ascii_hexdigit() {
                                return Err(unexpected(byte, "in \\u hexadecimal character escape"));
                            }
                        }
                    }
                    byte => return Err(unexpected(byte, "in string escape code")),
                },
                byte if byte < 0x20 => return Err(unexpected(byte, "in string literal")),
                _ => {}
            }
        }
    }

    fn literal(&mut self, word: &str) -> Scan {
        for expected in word.bytes().skip(1) {
            let byte = self.next()?;
            if byte != expected {
                let context = format!("in literal {word} (expecting {})", quoted(expected));
                return Err(unexpected(byte, &context));
            }
        }
        Ok(())
    }

    /// Reads the rest of a number that begins with this digit.
    fn number(&mut self, first: u8) -> Scan {
        if first != b'0' {
            self.skip_digits();
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            match self.next()? {
                byte if byte.is_ascii_digit() => self.skip_digits(),
                byte => return Err(unexpected(byte, "after decimal point in numeric literal")),
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            match self.next()? {
                byte if byte.is_ascii_digit() => self.skip_digits(),
                byte => return Err(unexpected(byte, "in exponent of numeric literal")),
            }
        }
        Ok(())
    }

    fn skip_digits(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
    }
}

fn unexpected(byte: u8, context: &str) -> String {
    format!("invalid character {} {context}", quoted(byte))
}

/// A byte in single quotes. Go takes it for the character of that number.
fn quoted(byte: u8) -> String {
    match byte {
        b'\'' => r"'\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        byte => {
            let quoted = crate::go::quote(&char::from(byte).to_string());
            format!("'{}'", quoted.trim_matches('"'))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_message_of_every_mistake() {
        for (text, message) in [
            ("", "unexpected end of JSON input"),
            ("{", "unexpected end of JSON input"),
            ("[1,", "unexpected end of JSON input"),
            ("not json", "invalid character 'o' in literal null (expecting 'u')"),
            ("{bad", "invalid character 'b' looking for beginning of object key string"),
            ("{not json", "invalid character 'n' looking for beginning of object key string"),
            (r#"{"a":1,}"#, "invalid character '}' looking for beginning of object key string"),
            (r#"{"a" 1}"#, "invalid character '1' after object key"),
            (r#"{"a":1 "b"}"#, "invalid character '\"' after object key:value pair"),
            ("[1 2]", "invalid character '2' after array element"),
            ("[1,]", "invalid character ']' looking for beginning of value"),
            ("1 2", "invalid character '2' after top-level value"),
            ("01", "invalid character '1' after top-level value"),
            ("-x", "invalid character 'x' in numeric literal"),
            ("1.x", "invalid character 'x' after decimal point in numeric literal"),
            ("1ex", "invalid character 'x' in exponent of numeric literal"),
            ("\"a\nb\"", "invalid character '\\n' in string literal"),
            (r#""\q""#, "invalid character 'q' in string escape code"),
            (r#""\u00g0""#, r"invalid character 'g' in \u hexadecimal character escape"),
            ("'", r"invalid character '\'' looking for beginning of value"),
            ("trux", "invalid character 'x' in literal true (expecting 'e')"),
        ] {
            assert_eq!(error(text.as_bytes()).as_deref(), Some(message), "{text}");
        }
    }

    #[test]
    fn finds_nothing_wrong_with_json() {
        for text in [r#" {"a":[{},[],1.5e-3,-0,"\u00e4\n"],"b":null} "#, "0", "[[],[[]]]", "[true,false]"] {
            assert_eq!(error(text.as_bytes()), None, "{text}");
        }
    }
}
