//! JSON as Kubernetes reads it: members in order, repeated names kept, numbers as written.
//!
//! Strict decoding has to see a name that is there twice, and messages quote Go's words for what is wrong with a
//! text. Both are lost with an ordinary parser.

mod plain;

use serde_json::{Map, Number, Value};

use plain::n_plain;

/// The deepest nesting of lists and objects that is read. Upstream reads ten thousand levels; this is what `serde_json`
/// reads, so that everything that is taken can be read again, and what fits on a stack of 2 MiB many times over.
pub const DEPTH_MAX: usize = 127;

/// A text that is not JSON, in the words of Go's `encoding/json`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SyntaxError(String);

/// A value with everything that strict decoding asks about.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it was written.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Members in the order they came, a name possibly several times.
    Object(Vec<(String, Node)>),
}

impl Node {
    /// A copy of a value. Members are in the order of their names.
    pub fn from_value(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => Self::Number(number.to_string()),
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(items) => Self::List(items.iter().map(Self::from_value).collect()),
            Value::Object(members) => {
                let member = |(name, value): (&String, &Value)| (name.clone(), Self::from_value(value));
                Self::Object(members.iter().map(member).collect())
            }
        }
    }

    /// The value without types; of several members with one name the last counts. Whole numbers stay whole, others
    /// and those beyond 64 bits become the nearest fraction.
    pub fn into_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Number(text) => number(&text),
            Self::Text(text) => Value::String(text),
            Self::List(items) => Value::Array(items.into_iter().map(Self::into_value).collect()),
            Self::Object(members) => {
                let members = members.into_iter().map(|(name, value)| (name, value.into_value()));
                Value::Object(members.collect::<Map<_, _>>())
            }
        }
    }

    /// Go's word for what kind of value it is.
    pub(super) fn go_kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Number(_) => "number",
            Self::Text(_) => "string",
            Self::List(_) => "array",
            Self::Object(_) => "object",
        }
    }

    /// The last member with a name.
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => {
                members.iter().rev().find(|(other, _)| other == name).map(|(_, value)| value)
            }
            _ => None,
        }
    }
}

fn number(text: &str) -> Value {
    if let Ok(whole) = text.parse::<i64>() {
        return Value::Number(whole.into());
    }
    let fraction = text.parse::<f64>().ok().and_then(Number::from_f64);
    fraction.map_or(Value::Null, Value::Number)
}

/// Reads one JSON text.
///
/// # Errors
///
/// Go's message about the first byte that does not fit.
pub fn parse(text: &[u8]) -> Result<Node, SyntaxError> {
    let mut reader = Reader::new(text);
    reader.skip_blanks();
    let node = reader.value("looking for beginning of value")?;
    reader.skip_blanks();
    match reader.peek() {
        None => Ok(node),
        Some(byte) => Err(invalid(byte, "after top-level value")),
    }
}

/// Reads a text from its beginning.
pub(super) struct Reader<'t> {
    text: &'t [u8],
    at: usize,
    depth: usize,
}

fn invalid(byte: u8, context: &str) -> SyntaxError {
    let shown = match byte {
        b'\'' => r"'\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        b'\\' => r"'\\'".to_owned(),
        b'\n' => r"'\n'".to_owned(),
        b'\r' => r"'\r'".to_owned(),
        b'\t' => r"'\t'".to_owned(),
        0x07 => r"'\a'".to_owned(),
        0x08 => r"'\b'".to_owned(),
        0x0b => r"'\v'".to_owned(),
        0x0c => r"'\f'".to_owned(),
        0x20..=0x7e => format!("'{}'", char::from(byte)),
        0xa1..=0xac | 0xae..=0xff => format!("'{}'", char::from(byte)),
        0x80..=0xa0 | 0xad => format!(r"'\u{byte:04x}'"),
        _ => format!(r"'\x{byte:02x}'"),
    };
    SyntaxError(format!("invalid character {shown} {context}"))
}

fn end_of_input() -> SyntaxError {
    SyntaxError("unexpected end of JSON input".to_owned())
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t [u8]) -> Self {
        Reader { text, at: 0, depth: 0 }
    }

    /// Goes over a byte after blanks, if it comes next.
    pub(super) fn take(&mut self, byte: u8) -> bool {
        self.skip_blanks();
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// A string without escapes, from its first quote on, where it stands in the text. `None` if it is none such; then
    /// the reader is not to be used any more.
    pub(super) fn plain_string(&mut self) -> Option<&'t str> {
        if !self.take(b'"') {
            return None;
        }
        let rest = &self.text[self.at..];
        let n_plain = n_plain(rest);
        self.at += n_plain + 1;
        (rest.get(n_plain) == Some(&b'"')).then(|| std::str::from_utf8(&rest[..n_plain]).ok()).flatten()
    }

    /// A whole number without a fraction or an exponent; `None` as with [`Reader::plain_string`].
    pub(super) fn whole_number(&mut self) -> Option<i64> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        let first = self.at;
        self.skip_digits();
        let digits = &self.text[first..self.at];
        let is_whole = !matches!(self.peek(), Some(b'.' | b'e' | b'E'));
        if !is_whole || digits.is_empty() || digits.len() > 1 && digits[0] == b'0' {
            return None;
        }
        std::str::from_utf8(&self.text[start..self.at]).ok()?.parse().ok()
    }

    /// Any value.
    pub(super) fn node(&mut self) -> Option<Node> {
        self.skip_blanks();
        self.value("").ok()
    }

    /// One level deeper, if that is allowed; [`Reader::leave`] comes back.
    pub(super) fn enter(&mut self) -> Option<()> {
        self.depth += 1;
        (self.depth <= DEPTH_MAX).then_some(())
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn next(&mut self) -> Result<u8, SyntaxError> {
        let byte = self.peek().ok_or_else(end_of_input)?;
        self.at += 1;
        Ok(byte)
    }

    pub(super) fn skip_blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
    }

    fn value(&mut self, context: &str) -> Result<Node, SyntaxError> {
        match self.next()? {
            b'{' => self.nested(Self::object),
            b'[' => self.nested(Self::list),
            b'"' => Ok(Node::Text(self.string()?)),
            b't' => self.literal("true", Node::Bool(true)),
            b'f' => self.literal("false", Node::Bool(false)),
            b'n' => self.literal("null", Node::Null),
            byte @ (b'-' | b'0'..=b'9') => self.number(byte),
            byte => Err(invalid(byte, context)),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Node, SyntaxError>) -> Result<Node, SyntaxError> {
        if self.depth == DEPTH_MAX {
            return Err(SyntaxError("exceeded max depth".to_owned()));
        }
        self.depth += 1;
        let node = read(self);
        self.depth -= 1;
        node
    }

    fn object(&mut self) -> Result<Node, SyntaxError> {
        let mut members = Vec::new();
        self.skip_blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Node::Object(members));
        }
        loop {
            self.skip_blanks();
            match self.next()? {
                b'"' => {}
                byte => return Err(invalid(byte, "looking for beginning of object key string")),
            }
            let name = self.string()?;
            self.skip_blanks();
            match self.next()? {
                b':' => {}
                byte => return Err(invalid(byte, "after object key")),
            }
            self.skip_blanks();
            members.push((name, self.value("looking for beginning of value")?));
            self.skip_blanks();
            match self.next()? {
                b',' => {}
                b'}' => return Ok(Node::Object(members)),
                byte => return Err(invalid(byte, "after object key:value pair")),
            }
        }
    }

    fn list(&mut self) -> Result<Node, SyntaxError> {
        let mut items = Vec::new();
        self.skip_blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Node::List(items));
        }
        loop {
            self.skip_blanks();
            items.push(self.value("looking for beginning of value")?);
            self.skip_blanks();
            match self.next()? {
                b',' => {}
                b']' => return Ok(Node::List(items)),
                byte => return Err(invalid(byte, "after array element")),
            }
        }
    }

    /// The rest of a word whose first letter has been read.
    fn literal(&mut self, word: &'static str, node: Node) -> Result<Node, SyntaxError> {
        for expected in word.bytes().skip(1) {
            let byte = self.next()?;
            if byte != expected {
                let context = format!("in literal {word} (expecting '{}')", char::from(expected));
                return Err(invalid(byte, &context));
            }
        }
        Ok(node)
    }

    fn number(&mut self, first: u8) -> Result<Node, SyntaxError> {
        let start = self.at - 1;
        let mut byte = first;
        if byte == b'-' {
            byte = self.next()?;
            if !byte.is_ascii_digit() {
                return Err(invalid(byte, "in numeric literal"));
            }
        }
        if byte != b'0' {
            self.skip_digits();
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digit("after decimal point in numeric literal")?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digit("in exponent of numeric literal")?;
        }
        Ok(Node::Number(String::from_utf8_lossy(&self.text[start..self.at]).into_owned()))
    }

    fn digit(&mut self, context: &str) -> Result<(), SyntaxError> {
        let byte = self.next()?;
        if !byte.is_ascii_digit() {
            return Err(invalid(byte, context));
        }
        self.skip_digits();
        Ok(())
    }

    fn skip_digits(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
    }

    /// The rest of a string whose quote has been read. Bytes that are not UTF-8 are replaced.
    pub(super) fn string(&mut self) -> Result<String, SyntaxError> {
        let rest = &self.text[self.at..];
        let n_plain = n_plain(rest);
        if rest.get(n_plain) == Some(&b'"') {
            self.at += n_plain + 1;
            return Ok(String::from_utf8_lossy(&rest[..n_plain]).into_owned());
        }
        let mut bytes = Vec::new();
        loop {
            let rest = &self.text[self.at..];
            let n_plain = self::n_plain(rest);
            bytes.extend_from_slice(&rest[..n_plain]);
            self.at += n_plain;
            match self.next()? {
                b'"' => break,
                b'\\' => self.escape(&mut bytes)?,
                byte => return Err(invalid(byte, "in string literal")),
            }
        }
        Ok(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        })
    }

    fn escape(&mut self, into: &mut Vec<u8>) -> Result<(), SyntaxError> {
        let byte = match self.next()? {
            byte @ (b'"' | b'\\' | b'/') => byte,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let character = self.unicode()?;
                let mut buffer = [0; 4];
                into.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
                return Ok(());
            }
            other => return Err(invalid(other, "in string escape code")),
        };
        into.push(byte);
        Ok(())
    }

    /// A code unit after `\u`, with its other half if it has one; halves without a partner are replaced.
    fn unicode(&mut self) -> Result<char, SyntaxError> {
        let first = self.hex()?;
        if !(0xd800..0xe000).contains(&first) {
            return Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let before = self.at;
        if self.text[self.at..].starts_with(b"\\u") {
            self.at += 2;
            let second = self.hex()?;
            if first < 0xdc00 && (0xdc00..0xe000).contains(&second) {
                let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = before;
        }
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn hex(&mut self) -> Result<u32, SyntaxError> {
        let mut code = 0;
        for _ in 0..4 {
            let byte = self.next()?;
            let digit = char::from(byte).to_digit(16);
            code = code * 16 + digit.ok_or_else(|| invalid(byte, "in \\u hexadecimal character escape"))?;
        }
        Ok(code)
    }
}
