//! Words and signs of a label selector.

/// One word or sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// Not a sign, though it is made of the characters of signs.
    Error,
    EndOfString,
    ClosedParenthesis,
    Comma,
    Exclamation,
    DoubleEquals,
    Equals,
    GreaterThan,
    Identifier,
    In,
    LessThan,
    NotEquals,
    NotIn,
    OpenParenthesis,
}

fn sign(text: &str) -> Option<Token> {
    Some(match text {
        ")" => Token::ClosedParenthesis,
        "," => Token::Comma,
        "!" => Token::Exclamation,
        "==" => Token::DoubleEquals,
        "=" => Token::Equals,
        ">" => Token::GreaterThan,
        "<" => Token::LessThan,
        "!=" => Token::NotEquals,
        "(" => Token::OpenParenthesis,
        _ => return None,
    })
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn is_of_signs(c: char) -> bool {
    matches!(c, '=' | '!' | '(' | ')' | ',' | '>' | '<')
}

/// Splits a selector. The last token is the end of the string. A zero character ends the text, as it does for
/// upstream.
pub(super) fn tokens(selector: &str) -> Vec<(Token, String)> {
    let mut tokens = Vec::new();
    let mut rest = selector.split('\0').next().unwrap_or_default();
    loop {
        rest = rest.trim_start_matches(is_blank);
        let Some(first) = rest.chars().next() else {
            tokens.push((Token::EndOfString, String::new()));
            return tokens;
        };
        let length = if is_of_signs(first) {
            sign_length(rest)
        } else {
            rest.find(|c| is_of_signs(c) || is_blank(c)).unwrap_or(rest.len())
        };
        let (word, after) = rest.split_at(length);
        let token = match word {
            "in" => Token::In,
            "notin" => Token::NotIn,
            word if is_of_signs(first) => sign(word).unwrap_or(Token::Error),
            _ => Token::Identifier,
        };
        tokens.push((token, word.to_owned()));
        rest = after;
    }
}

/// The longest sign at the beginning: signs of two characters begin with one of one.
fn sign_length(text: &str) -> usize {
    let is_double = text.get(..2).is_some_and(|text| sign(text).is_some());
    if is_double { 2 } else { 1 }
}
