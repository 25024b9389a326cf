//! What stands between the braces of a template.

use std::collections::BTreeMap;
use std::fmt;
use std::iter::Peekable;
use std::str::CharIndices;

use anyhow::{Result, anyhow, bail};
use serde_json::Value;

/// What expressions can refer to.
pub(super) struct Env<'e> {
    pub(super) index: u64,
    pub(super) count: u64,
    pub(super) params: &'e BTreeMap<String, Value>,
}

/// A value within a template.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    Int(i64),
    Float(f64),
    Text(String),
    Bool(bool),
}

#[derive(Debug)]
pub(super) enum Expression {
    Literal(Scalar),
    /// `.Name`.
    Field(String),
    Call(Function, Vec<Expression>),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Function {
    Add { whole: bool },
    Subtract { whole: bool },
    Multiply { whole: bool },
    Divide { whole: bool },
    Mod,
    Compare(&'static str),
    Not,
    And,
    Or,
}

const FUNCTIONS: [(&str, Function); 18] = [
    ("AddInt", Function::Add { whole: true }),
    ("AddFloat", Function::Add { whole: false }),
    ("SubtractInt", Function::Subtract { whole: true }),
    ("SubtractFloat", Function::Subtract { whole: false }),
    ("MultiplyInt", Function::Multiply { whole: true }),
    ("MultiplyFloat", Function::Multiply { whole: false }),
    ("DivideInt", Function::Divide { whole: true }),
    ("DivideFloat", Function::Divide { whole: false }),
    ("Mod", Function::Mod),
    ("eq", Function::Compare("eq")),
    ("ne", Function::Compare("ne")),
    ("lt", Function::Compare("lt")),
    ("le", Function::Compare("le")),
    ("gt", Function::Compare("gt")),
    ("ge", Function::Compare("ge")),
    ("not", Function::Not),
    ("and", Function::And),
    ("or", Function::Or),
];

impl Expression {
    /// Reads one expression.
    pub(super) fn parse(text: &str) -> Result<Expression> {
        let tokens = tokens(text)?;
        let mut rest = tokens.as_slice();
        let expression = command(text, &mut rest)?;
        match rest.first() {
            None => Ok(expression),
            Some(token) => bail!("{{{{{text}}}}}: {token:?} is not expected there"),
        }
    }

    /// What it is worth.
    pub(super) fn value(&self, env: &Env<'_>) -> Result<Scalar> {
        match self {
            Expression::Literal(scalar) => Ok(scalar.clone()),
            Expression::Field(name) => field(name, env),
            Expression::Call(function, arguments) => {
                let arguments: Vec<Scalar> =
                    arguments.iter().map(|argument| argument.value(env)).collect::<Result<_>>()?;
                function.call(&arguments)
            }
        }
    }
}

fn field(name: &str, env: &Env<'_>) -> Result<Scalar> {
    let whole = |n: u64| Ok(Scalar::Int(i64::try_from(n).unwrap_or(i64::MAX)));
    match name {
        "Index" => whole(env.index),
        "Count" => whole(env.count),
        _ => match env.params.get(name) {
            Some(Value::Bool(flag)) => Ok(Scalar::Bool(*flag)),
            Some(Value::String(text)) => Ok(Scalar::Text(text.clone())),
            Some(Value::Number(number)) => Ok(number
                .as_i64()
                .map_or_else(|| Scalar::Float(number.as_f64().unwrap_or(f64::NAN)), Scalar::Int)),
            Some(_) => bail!(".{name} is neither text nor a number"),
            None => bail!(".{name} has no value: there are .Index, .Count and templateParams"),
        },
    }
}

/// A function with its arguments, or one operand.
fn command(text: &str, rest: &mut &[&str]) -> Result<Expression> {
    let Some((first, after)) = rest.split_first() else { bail!("{{{{{text}}}}}: there is nothing to print") };
    let function = FUNCTIONS.iter().find(|(name, _)| name == first).map(|(_, function)| *function);
    let Some(function) = function else { return operand(text, rest) };
    *rest = after;
    let mut arguments = Vec::new();
    while rest.first().is_some_and(|token| *token != ")") {
        arguments.push(operand(text, rest)?);
    }
    if !function.takes(arguments.len()) {
        bail!("{{{{{text}}}}}: {first} does not take {} arguments", arguments.len());
    }
    Ok(Expression::Call(function, arguments))
}

fn operand(text: &str, rest: &mut &[&str]) -> Result<Expression> {
    let Some((first, after)) = rest.split_first() else { bail!("{{{{{text}}}}}: an operand is missing") };
    *rest = after;
    if *first == "(" {
        let inner = command(text, rest)?;
        let Some((&")", after)) = rest.split_first() else { bail!("{{{{{text}}}}}: ( without )") };
        *rest = after;
        return Ok(inner);
    }
    if let Some(name) = first.strip_prefix('.').filter(|name| is_name(name)) {
        return Ok(Expression::Field(name.to_owned()));
    }
    if let Some(quoted) = first.strip_prefix('"') {
        return Ok(Expression::Literal(Scalar::Text(quoted.trim_end_matches('"').to_owned())));
    }
    let literal = match *first {
        "true" => Some(Scalar::Bool(true)),
        "false" => Some(Scalar::Bool(false)),
        number => {
            let float = || number.parse().ok().filter(|n: &f64| n.is_finite()).map(Scalar::Float);
            number.parse().ok().map(Scalar::Int).or_else(float)
        }
    };
    literal.map(Expression::Literal).ok_or_else(|| anyhow!("{{{{{text}}}}}: {first:?} is not known here"))
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn tokens(text: &str) -> Result<Vec<&str>> {
    let mut found = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        match c {
            ' ' | '\t' | '\n' | '\r' => {}
            '(' | ')' => found.push(&text[start..=start]),
            '"' => match chars.find(|(_, c)| *c == '"' || *c == '\\') {
                Some((end, '"')) => found.push(&text[start..=end]),
                Some(_) => bail!("{{{{{text}}}}}: \\ in text is not known here"),
                None => bail!("{{{{{text}}}}}: a text does not end"),
            },
            _ => {
                let end = word_end(&mut chars).unwrap_or(text.len());
                found.push(&text[start..end]);
            }
        }
    }
    Ok(found)
}

fn word_end(chars: &mut Peekable<CharIndices<'_>>) -> Option<usize> {
    loop {
        let (at, c) = *chars.peek()?;
        if c.is_whitespace() || "()\"".contains(c) {
            return Some(at);
        }
        chars.next();
    }
}

impl Function {
    fn takes(self, n: usize) -> bool {
        match self {
            Function::Not => n == 1,
            Function::Add { .. } | Function::Multiply { .. } | Function::And | Function::Or => n >= 1,
            _ => n == 2,
        }
    }

    /// As upstream, numbers are computed as floats and cut off at the end.
    fn call(self, arguments: &[Scalar]) -> Result<Scalar> {
        let number = |n: usize| arguments[n].number();
        let numbers = || arguments.iter().map(Scalar::number).collect::<Result<Vec<f64>>>();
        Ok(match self {
            Function::Add { whole } => cut(numbers()?.iter().sum(), whole),
            Function::Multiply { whole } => cut(numbers()?.iter().product(), whole),
            Function::Subtract { whole } => cut(number(0)? - number(1)?, whole),
            Function::Divide { .. } if number(1)? == 0.0 => bail!("division by zero"),
            Function::Divide { whole } => cut(number(0)? / number(1)?, whole),
            Function::Mod => match (number(0)? as i64).checked_rem(number(1)? as i64) {
                Some(rest) => Scalar::Int(rest),
                None => bail!("division by zero"),
            },
            Function::Compare(how) => Scalar::Bool(compare(how, &arguments[0], &arguments[1])?),
            Function::Not => Scalar::Bool(!arguments[0].is_true()),
            Function::And => arguments.iter().find(|a| !a.is_true()).unwrap_or(last(arguments)).clone(),
            Function::Or => arguments.iter().find(|a| a.is_true()).unwrap_or(last(arguments)).clone(),
        })
    }
}

fn last(arguments: &[Scalar]) -> &Scalar {
    &arguments[arguments.len() - 1]
}

fn cut(number: f64, whole: bool) -> Scalar {
    if whole { Scalar::Int(number as i64) } else { Scalar::Float(number) }
}

fn compare(how: &str, a: &Scalar, b: &Scalar) -> Result<bool> {
    let ordering = match (a, b) {
        (Scalar::Text(a), Scalar::Text(b)) => a.cmp(b),
        (Scalar::Bool(a), Scalar::Bool(b)) => a.cmp(b),
        _ => a.number()?.total_cmp(&b.number()?),
    };
    Ok(match how {
        "eq" => ordering.is_eq(),
        "ne" => ordering.is_ne(),
        "lt" => ordering.is_lt(),
        "le" => ordering.is_le(),
        "gt" => ordering.is_gt(),
        _ => ordering.is_ge(),
    })
}

impl Scalar {
    /// Go's truth: what is neither zero nor empty.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Scalar::Int(n) => *n != 0,
            Scalar::Float(n) => *n != 0.0,
            Scalar::Text(text) => !text.is_empty(),
            Scalar::Bool(flag) => *flag,
        }
    }

    fn number(&self) -> Result<f64> {
        match self {
            Scalar::Int(n) => Ok(*n as f64),
            Scalar::Float(n) => Ok(*n),
            Scalar::Text(text) => text.parse().map_err(|_| anyhow!("{text:?} is no number")),
            Scalar::Bool(flag) => bail!("{flag} is no number"),
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scalar::Int(n) => write!(f, "{n}"),
            Scalar::Float(n) => write!(f, "{n}"),
            Scalar::Text(text) => f.write_str(text),
            Scalar::Bool(flag) => write!(f, "{flag}"),
        }
    }
}
