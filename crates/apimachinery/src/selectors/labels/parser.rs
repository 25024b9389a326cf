//! Text to label selector.

use std::collections::BTreeSet;

use super::lexer::{Token, tokens};
use super::requirement::check_key;
use super::{LabelSelector, Operator, Requirement, SelectorError};
use crate::field::Path;

/// Reads a selector: requirements with commas between. The empty text selects everything.
///
/// | requirement | holds where the label |
/// |---|---|
/// | `key` | is there |
/// | `!key` | is not there |
/// | `key=v`, `key==v` | has the value |
/// | `key!=v` | has not the value, or is not there |
/// | `key in (v,w)` | has one of the values |
/// | `key notin (v,w)` | has none of them, or is not there |
/// | `key>1`, `key<1` | is an integer and larger, smaller |
pub fn parse(selector: &str) -> Result<LabelSelector, SelectorError> {
    let mut parser = Parser { tokens: tokens(selector), at: 0 };
    parser.selector()
}

struct Parser {
    tokens: Vec<(Token, String)>,
    at: usize,
}

fn unexpected<T>(found: String, expected: &'static str) -> Result<T, SelectorError> {
    Err(SelectorError::Unexpected { found, expected })
}

impl Parser {
    /// The next token where a key or value may stand: there `in` and `notin` are words as any.
    fn peek(&self) -> (Token, String) {
        match self.raw() {
            (Token::In | Token::NotIn, word) => (Token::Identifier, word),
            token => token,
        }
    }

    fn raw(&self) -> (Token, String) {
        self.tokens.get(self.at).cloned().unwrap_or((Token::EndOfString, String::new()))
    }

    fn next(&mut self) -> (Token, String) {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn selector(&mut self) -> Result<LabelSelector, SelectorError> {
        let mut requirements = Vec::new();
        loop {
            match self.peek() {
                (Token::Identifier | Token::Exclamation, _) => {
                    let requirement = self.requirement();
                    requirements
                        .push(requirement.map_err(|error| SelectorError::Requirement(Box::new(error)))?);
                    match self.next() {
                        (Token::EndOfString, _) => break,
                        (Token::Comma, _) => {
                            let (token, found) = self.peek();
                            if !matches!(token, Token::Identifier | Token::Exclamation) {
                                return unexpected(found, "identifier after ','");
                            }
                        }
                        (_, found) => return unexpected(found, "',' or 'end of string'"),
                    }
                }
                (Token::EndOfString, _) => break,
                (_, found) => return unexpected(found, "!, identifier, or 'end of string'"),
            }
        }
        Ok(LabelSelector::new(requirements))
    }

    fn requirement(&mut self) -> Result<Requirement, SelectorError> {
        let is_negated = self.peek().0 == Token::Exclamation;
        if is_negated {
            self.at += 1;
        }
        let key = match self.next() {
            (Token::Identifier, key) => key,
            (_, found) => return unexpected(found, "identifier"),
        };
        // Upstream's path is missing here, and its messages show that.
        if let Some(error) = check_key(&key, &Path::none()) {
            return Err(error.into());
        }
        if is_negated {
            return Requirement::new(&key, Operator::DoesNotExist, Vec::new());
        }
        if matches!(self.peek().0, Token::EndOfString | Token::Comma) {
            return Requirement::new(&key, Operator::Exists, Vec::new());
        }
        let (token, found) = self.raw();
        self.at += 1;
        let operator = match token {
            Token::In => Operator::In,
            Token::NotIn => Operator::NotIn,
            Token::Equals => Operator::Equals,
            Token::DoubleEquals => Operator::DoubleEquals,
            Token::NotEquals => Operator::NotEquals,
            Token::GreaterThan => Operator::GreaterThan,
            Token::LessThan => Operator::LessThan,
            _ => return unexpected(found, "in, notin, =, ==, !=, gt, lt"),
        };
        let values = match operator {
            Operator::In | Operator::NotIn => self.set()?,
            _ => vec![self.value()?],
        };
        Requirement::new(&key, operator, values)
    }

    fn value(&mut self) -> Result<String, SelectorError> {
        if matches!(self.peek().0, Token::EndOfString | Token::Comma) {
            return Ok(String::new());
        }
        match self.next() {
            (Token::Identifier, value) => Ok(value),
            (_, found) => unexpected(found, "identifier"),
        }
    }

    /// Values in parentheses. Between two commas, or a comma and a parenthesis, stands the empty value.
    fn set(&mut self) -> Result<Vec<String>, SelectorError> {
        match self.next() {
            (Token::OpenParenthesis, _) => {}
            (_, found) => return Err(SelectorError::NoSet(found)),
        }
        match self.peek() {
            (Token::Identifier | Token::Comma, _) => {
                let values = self.values()?;
                // The list ends at a closing parenthesis.
                self.at += 1;
                Ok(values.into_iter().collect())
            }
            (Token::ClosedParenthesis, _) => {
                self.at += 1;
                Ok(vec![String::new()])
            }
            (_, found) => unexpected(found, "',', ')' or identifier"),
        }
    }

    fn values(&mut self) -> Result<BTreeSet<String>, SelectorError> {
        let mut values = BTreeSet::new();
        loop {
            match self.next() {
                (Token::Identifier, value) => {
                    values.insert(value);
                    match self.peek() {
                        (Token::Comma, _) => {}
                        (Token::ClosedParenthesis, _) => return Ok(values),
                        (_, found) => return unexpected(found, "',' or ')'"),
                    }
                }
                (Token::Comma, _) => {
                    if values.is_empty() {
                        values.insert(String::new());
                    }
                    match self.peek().0 {
                        Token::ClosedParenthesis => {
                            values.insert(String::new());
                            return Ok(values);
                        }
                        Token::Comma => {
                            self.at += 1;
                            values.insert(String::new());
                        }
                        _ => {}
                    }
                }
                (_, found) => return unexpected(found, "',', or identifier"),
            }
        }
    }
}
